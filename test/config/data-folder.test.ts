import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/config.ts';
import { checkDataFolder, dataFolderProblem } from '../../src/config/data-folder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-folder-'));
  mkdirSync(join(folder, 'there'));
  writeFileSync(join(folder, 'file'), '');
  symlinkSync('there', join(folder, 'link'));
  symlinkSync('nowhere', join(folder, 'dangling'));
  symlinkSync('loop', join(folder, 'loop'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the data folder', () => {
  it.each(['there', 'link', 'link/new', 'new', 'new/newer'])('may be %s', (name) => {
    expect(dataFolderProblem(join(folder, name))).toBeNull();
    expect(() => checkDataFolder(join(folder, name))).not.toThrow();
  });

  it.each([
    ['dangling', 'dangling', /dangling is a link that leads nowhere: restore what it names, remove the link/],
    ['under a dangling link', 'dangling/data', /dangling is a link that leads nowhere/],
    ['a loop', 'loop', /loop is a link that leads to itself/],
    ['under a loop', 'loop/data', /loop is a link that leads to itself/],
    ['a file', 'file', /file is no folder/],
    ['under a file', 'file/data', /file is no folder/],
  ])('is refused where it is %s', (_, name, problem) => {
    expect(dataFolderProblem(join(folder, name))).toMatch(problem);
    expect(() => checkDataFolder(join(folder, name))).toThrow(ConfigError);
    expect(() => checkDataFolder(join(folder, name))).toThrow(problem);
  });
});
