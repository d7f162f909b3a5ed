import { existsSync } from 'node:fs';
import { readStaticFiles, type StaticFile } from '../http/kit/static-files.ts';

/** Beside this folder in `dist/` as in `src/`: a runtime that takes the source as it is finds the same pages. */
const PAGES = new URL('../pages/', import.meta.url);
/** Beside this folder in `dist/`; a runtime that takes the source uses what was built before. */
const SDK_FOLDERS = [new URL('../sdk/', import.meta.url), new URL('../../dist/sdk/', import.meta.url)];

/** The demo page with all that it loads but the SDK. Null where `npm run build` did not copy it. */
export function readDemoFiles(): readonly StaticFile[] | null {
  const own = new URL('demo/', PAGES);
  return existsSync(own) ? [...readStaticFiles(PAGES), ...readStaticFiles(own)] : null;
}

/** What the pages of the console load. Null where `npm run build` did not copy it. */
export function readConsoleFiles(): readonly StaticFile[] | null {
  const own = new URL('console/', PAGES);
  if (!existsSync(own)) return null;
  const shared = [...readStaticFiles(PAGES), ...readStaticFiles(new URL('demo/', PAGES))];
  return [...shared.filter(({ name }) => name === 'base.css' || name === 'bell.svg'), ...readStaticFiles(own)];
}

/** What `npm run build` made of `src/sdk/`. Null where it did not run. */
export function readSdkFiles(): readonly StaticFile[] | null {
  const folder = SDK_FOLDERS.find((each) => existsSync(new URL('bellhop.js', each)));
  return folder === undefined ? null : readStaticFiles(folder);
}
