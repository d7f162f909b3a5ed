import { lstatSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError } from './config.ts';

/** Throws ConfigError where DATA_DIR cannot be a folder, whatever its rights. One that is not there yet is made later. */
export function checkDataFolder(dataDir: string): void {
  const problem = dataFolderProblem(dataDir);
  if (problem !== null) throw new ConfigError([`DATA_DIR: ${problem}, or name another folder.`]);
}

/** What keeps this path from being a folder, with what to do about it; null: nothing does. */
export function dataFolderProblem(dataDir: string): string | null {
  for (const path of withParents(resolve(dataDir))) {
    const problem = problemAt(path);
    if (problem !== null) return problem;
  }
  return null;
}

/** The path and every folder above it, from the root. */
function withParents(path: string): readonly string[] {
  return path === dirname(path) ? [path] : [...withParents(dirname(path)), path];
}

function problemAt(path: string): string | null {
  try {
    const isThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    const target = isThere ? statSync(path, { throwIfNoEntry: false }) : null;
    if (target === undefined) return `${path} is a link that leads nowhere: restore what it names, remove the link`;
    return target === null || target.isDirectory() ? null : `${path} is no folder: move it away`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // What may not be looked at is told by whoever needs it.
    return code === 'ELOOP' ? `${path} is a link that leads to itself: remove the link` : null;
  }
}
