import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'rolldown/parseAst';

/** A regular expression in the sources: a literal as it is written, or a call of `RegExp`, which is built at run time. */
export type SourceExpression = { readonly file: string; readonly text: string };

export const BUILT_AT_RUN_TIME = 'new RegExp(…)';

const root = fileURLToPath(new URL('../../src', import.meta.url));

/** Every regular expression of `src/`, found in the syntax trees. */
export function expressionsOfSources(): readonly SourceExpression[] {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts') || file.endsWith('.js'))
    .sort();
  return files.flatMap((file) => {
    const text = readFileSync(`${root}/${file}`, 'utf8');
    return expressionsIn(text, file.endsWith('.ts') ? 'ts' : 'js').map((found) => ({ file, text: found }));
  });
}

/** The regular expressions of one program, in the order in which they stand there. */
export function expressionsIn(program: string, language: 'ts' | 'js'): readonly string[] {
  const found: string[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const each of node) visit(each);
      return;
    }
    if (typeof node !== 'object' || node === null) return;
    const { type, regex, callee } = node as {
      type?: string;
      regex?: { pattern: string; flags: string };
      callee?: Name;
    };
    if (type === 'Literal' && regex !== undefined) found.push(`/${regex.pattern}/${regex.flags}`);
    if ((type === 'NewExpression' || type === 'CallExpression') && (isRegExp(callee) || isMadeOfText(callee, node)))
      found.push(BUILT_AT_RUN_TIME);
    for (const child of Object.values(node)) visit(child);
  };
  visit(parseAst(program, { lang: language, sourceType: 'module' }));
  return found;
}

type Name = { readonly name?: string; readonly property?: { readonly name?: string } };

/** `text.match('a+')`: these methods make an expression of a text. */
function isMadeOfText(callee: Name | undefined, call: object): boolean {
  const [first] = (call as { arguments?: { type?: string; value?: unknown }[] }).arguments ?? [];
  const isText = first?.type === 'TemplateLiteral' || typeof first?.value === 'string';
  return isText && ['match', 'matchAll', 'search'].includes(callee?.property?.name ?? '');
}

/** `RegExp` by itself, or as a property of the global object. */
function isRegExp(callee: Name | undefined): boolean {
  return callee?.name === 'RegExp' || callee?.property?.name === 'RegExp';
}
