import { cpSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

/**
 * Makes what the service serves to browsers, so that it needs no source when it runs: `dist/pages/`, the pages as they
 * are, and `dist/sdk/`, each file of the SDK in one piece, so that a site can also keep a copy. `tsc -p src/sdk` has
 * written the SDK's types. Then what an earlier build left in `dist/` goes, file by file: a service that runs from there
 * finds all that it has a source for at every moment.
 */
const from = fileURLToPath(new URL('../src/', import.meta.url));
const to = fileURLToPath(new URL('../dist/', import.meta.url));
const SDK_FILES = ['bellhop.js', 'bellhop-sw.js', 'bellhop.d.ts', 'preferences.js', 'preferences.d.ts'].map(
  (name) => `sdk/${name}`,
);
const SDK_TYPES = 'sdk/types/';

cpSync(`${from}pages`, `${to}pages`, { recursive: true });
await bundle('bellhop.ts', 'bellhop.js', 'esm');
await bundle('preferences.ts', 'preferences.js', 'esm');
await bundle('worker/bellhop-sw.ts', 'bellhop-sw.js', 'iife');
removeStale();
writeTypes('preferences.d.ts', ['public', 'wishes', 'own-preferences', 'preferences-form']);
// Last: `scripts/bootstrap.cjs` takes a build with this file for a whole one.
writeTypes('bellhop.d.ts', ['public', 'bellhop']);
rmSync(`${to}${SDK_TYPES}`, { recursive: true });

async function bundle(input: string, file: string, format: 'esm' | 'iife'): Promise<void> {
  const build = await rolldown({ input: `${from}sdk/${input}`, platform: 'browser', logLevel: 'warn' });
  await build.write({ file: `${to}sdk/${file}`, format, minify: true });
  await build.close();
}

function writeTypes(file: string, names: readonly string[]): void {
  writeFileSync(`${to}sdk/${file}`, names.map(declarationsOf).join(''));
}

/** Without imports and re-exports: all declarations are in one file. */
function declarationsOf(name: string): string {
  return readFileSync(`${to}${SDK_TYPES}${name}.d.ts`, 'utf8').replaceAll(/^(import|export \{).*\n/gm, '');
}

function removeStale(): void {
  const built = new Set([...SDK_FILES, ...pathsIn(from).flatMap(builtFrom)]);
  const stale = pathsIn(to).filter((path) => !built.has(path) && !path.startsWith(SDK_TYPES));
  for (const path of stale) rmSync(to + path);
  for (const folder of new Set(stale.map(folderOf))) removeEmpty(folder);
}

/** What the steps of `npm run build` make of a source. */
function builtFrom(source: string): readonly string[] {
  if (source.startsWith('pages/')) return [source];
  if (source.startsWith('sdk/') || !source.endsWith('.ts')) return [];
  const name = source.slice(0, -'.ts'.length);
  return [`${name}.js`, `${name}.js.map`, ...(source.startsWith('client/') ? [`${name}.d.ts`] : [])];
}

function pathsIn(folder: string): readonly string[] {
  mkdirSync(folder, { recursive: true });
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => `${parentPath}/${name}`.slice(folder.length).replace(/^\//, ''));
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** And what is empty then above it. */
function removeEmpty(folder: string): void {
  if (folder === '' || readdirSync(to + folder).length > 0) return;
  rmdirSync(to + folder);
  removeEmpty(folderOf(folder));
}
