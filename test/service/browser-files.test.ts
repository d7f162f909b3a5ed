import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readDemoFiles, readSdkFiles } from '../../src/service/browser-files.ts';

const PAGES = new URL('../../src/pages/', import.meta.url);

it('the demo page comes with every file that its folder and the folder of all pages hold', () => {
  const folders = [PAGES, new URL('demo/', PAGES)].flatMap((folder) => readdirSync(folder, { withFileTypes: true }));
  const names = folders.filter((entry) => entry.isFile()).map(({ name }) => name);
  expect(
    readDemoFiles()
      ?.map(({ name }) => name)
      .sort(),
  ).toEqual(names.sort());
});

it('the SDK comes as it was built', () => {
  expect(
    readSdkFiles()
      ?.map(({ name }) => name)
      .sort(),
  ).toEqual(['bellhop-sw.js', 'bellhop.d.ts', 'bellhop.js', 'preferences.d.ts', 'preferences.js']);
});
