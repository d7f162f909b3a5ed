import { mkdirSync, readdirSync, rmdirSync, rmSync, utimesSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildBrowserFiles } from './browser-files.ts';
import { buildService, entriesOfService } from './service-files.ts';

/**
 * The last step of `npm run build`, after `tsc` has written the client and the SDK's types. Then what an earlier build left in `dist/`
 * goes, file by file: a service that runs from there finds all that it has a source for at every moment.
 */
const from = fileURLToPath(new URL('../../src/', import.meta.url));
const to = fileURLToPath(new URL('../../dist/', import.meta.url));

const service = await buildService(entriesOfService(), to);
const sdk = await buildBrowserFiles(to);
removeStale(new Set([...service, ...sdk, ...pathsIn(from).flatMap(builtFrom)]));
// `scripts/bootstrap.cjs` takes a build with this file, and newer than the sources, for a whole one.
utimesSync(`${to}sdk/bellhop.d.ts`, new Date(), new Date());

function removeStale(built: ReadonlySet<string>): void {
  const stale = pathsIn(to).filter((path) => !built.has(path));
  for (const path of stale) rmSync(to + path);
  for (const folder of new Set(stale.map(folderOf))) removeEmpty(folder);
}

/** What is made of a source by itself. */
function builtFrom(source: string): readonly string[] {
  if (source.startsWith('pages/')) return [source];
  if (!source.startsWith('client/') || !source.endsWith('.ts')) return [];
  const name = source.slice(0, -'.ts'.length);
  return [`${name}.js`, `${name}.d.ts`];
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
