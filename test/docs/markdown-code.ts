import { readFileSync } from 'node:fs';

/** The code blocks under a heading of a page in `docs/`, up to the next heading of whatever level, in order. */
export function codeUnder(page: string, heading: string): { readonly language: string; readonly code: string }[] {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  const start = text.indexOf(`\n${heading}\n`);
  if (start === -1) throw new Error(`docs/${page} has no heading ${heading}`);
  const blocks: { language: string; code: string }[] = [];
  let open: { language: string; lines: string[] } | null = null;
  for (const line of text.slice(start + heading.length + 2).split('\n')) {
    const fence = /^```(\w*)$/.exec(line);
    if (fence === null && open === null && line.startsWith('#')) break;
    if (fence === null) open?.lines.push(line);
    else if (open === null) open = { language: fence[1] ?? '', lines: [] };
    else {
      blocks.push({ language: open.language, code: `${open.lines.join('\n')}\n` });
      open = null;
    }
  }
  return blocks;
}
