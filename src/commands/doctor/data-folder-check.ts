import { existsSync, lstatSync, mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { dataFolderProblem } from '../../config/data-folder.ts';
import { type Finding, failed, ok, warning } from '../../domain/finding.ts';

const DATABASE = 'bellhop.db';
const MIB = 1024 * 1024;
const LITTLE_MIB = 1024;
const TOO_LITTLE_MIB = 100;

/** Rights and free space. Leaves nothing behind, and touches no file of the store: a running Bellhop holds it. */
export async function checkDataFolder(dataDir: string): Promise<readonly Finding[]> {
  const folder = resolve(dataDir);
  const problem = dataFolderProblem(folder);
  if (problem !== null) return [failed('data folder', problem, 'Or set DATA_DIR to another folder.')];
  const exists = existsSync(folder);
  const standing = exists ? folder : firstExisting(folder);
  return [
    rightsFinding(folder, standing, exists),
    ...(exists ? [...databaseFindings(folder), ...modeFindings(folder)] : []),
    await spaceFinding(standing),
  ];
}

function firstExisting(folder: string): string {
  return existsSync(folder) || folder === dirname(folder) ? folder : firstExisting(dirname(folder));
}

function rightsFinding(folder: string, standing: string, exists: boolean): Finding {
  try {
    rmdirSync(mkdtempSync(join(standing, '.doctor-')));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return failed(
      'data folder',
      `${folder} cannot be written by this user (${code})`,
      'Give the user that runs Bellhop the right to write there, or set DATA_DIR to another folder.',
    );
  }
  return ok('data folder', exists ? `${folder} can be written` : `${folder} is not there yet and can be made`);
}

function databaseFindings(folder: string): readonly Finding[] {
  const path = join(folder, DATABASE);
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return [];
  if (!existsSync(path)) {
    const remedy = 'Restore the file it names, or remove the link.';
    return [failed('data folder', `${path} is a link that leads nowhere`, remedy)];
  }
  if (statSync(path).isFile()) return [];
  return [failed('data folder', `${path} is no file`, 'Move it away, and restore the database from a backup.')];
}

/** Inside an open folder a file can still be closed; whoever may read one of these may push, or call. */
const SECRET_FILES = ['vapid.json', 'hmac-secret', DATABASE];

function modeFindings(folder: string): readonly Finding[] {
  // Windows has other means, and these bits say nothing there.
  if (process.platform === 'win32') return [];
  const isOpen = (path: string): boolean => existsSync(path) && (statSync(path).mode & 0o077) !== 0;
  const files = SECRET_FILES.map((name) => join(folder, name)).filter(isOpen);
  return [
    ...(isOpen(folder)
      ? [warning('data folder', `${folder} is open to other users of this machine`, `chmod 700 ${folder}`)]
      : []),
    ...files.map((path) => failed('data folder', `${path} can be read by other users`, `chmod 600 ${path}`)),
  ];
}

async function spaceFinding(standing: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(standing);
  const freeMib = Math.floor((bavail * bsize) / MIB);
  const free = freeMib >= LITTLE_MIB ? `${(freeMib / 1024).toFixed(1)} GiB` : `${freeMib} MiB`;
  const remedy = 'Make room, or lower RETENTION_DAYS: a full disk refuses every notification.';
  if (freeMib < TOO_LITTLE_MIB) return failed('disk space', `only ${free} free`, remedy);
  return freeMib < LITTLE_MIB ? warning('disk space', `only ${free} free`, remedy) : ok('disk space', `${free} free`);
}
