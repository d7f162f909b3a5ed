import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildService } from '../../scripts/build/service-files.ts';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/bellhop/', import.meta.url));

/** Sources as they run, for plain Node and its threads, which take no TypeScript on Node 20. */
export type Built = {
  /** The address of what was made of the first of them. */
  readonly href: string;
  remove(): void;
};

/** Builds a source, by its path within `src/`, with all that it loads, and the threads that it starts. */
export async function buildForTest(entry: string, ...threads: readonly string[]): Promise<Built> {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(`${CACHE}built-`);
  await buildService([entry, ...threads], `${folder}/`);
  return {
    href: pathToFileURL(`${folder}/${basename(entry, '.ts')}.js`).href,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
