import { existsSync, readFileSync } from 'node:fs';
import type { SdkFiles } from '../http/pages/sdk.ts';

/** Beside this file where it was built itself; a runtime that takes the source as it is uses what was built before. */
const FOLDERS = [new URL('../sdk/', import.meta.url), new URL('../../dist/sdk/', import.meta.url)];

/** What `npm run build` made of `src/sdk/`. Null where it did not run. */
export function readSdkFiles(): SdkFiles | null {
  const folder = FOLDERS.find((each) => existsSync(new URL('bellhop.js', each)));
  if (folder === undefined) return null;
  const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
  return {
    'bellhop.js': read('bellhop.js'),
    'bellhop-sw.js': read('bellhop-sw.js'),
    'bellhop.d.ts': read('bellhop.d.ts'),
  };
}
