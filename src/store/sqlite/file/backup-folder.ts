import { mkdirSync } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../../../domain/app-error.ts';
import type { Backup, BackupStream } from '../../backup-store.ts';
import { isOutOfRoom } from './storage-error.ts';

const NAME = /^bellhop-(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d\.\d{3}Z)\.db$/;
const UNFINISHED = '.unfinished';
const READ_AT_ONCE = 256 * 1024;

/** For example `bellhop-2026-11-28T06-05-12.123Z.db`: sorted by name they are sorted by time. */
export function backupName(madeAtMs: number): string {
  return `bellhop-${new Date(madeAtMs).toISOString().replaceAll(':', '-')}.db`;
}

/** The backups in a folder, newest first. What has another name is somebody else's. */
export async function backupsIn(folder: string): Promise<readonly Backup[]> {
  const names = (await namesIn(folder))
    .filter((name) => NAME.test(name))
    .sort()
    .reverse();
  const found = await Promise.all(
    names.map(async (name): Promise<Backup[]> => {
      const madeAtMs = Date.parse(name.replace(NAME, '$1:$2:$3'));
      const stats = await stat(join(folder, name)).catch(() => null);
      return stats?.isFile() === true && !Number.isNaN(madeAtMs) ? [{ name, octets: stats.size, madeAtMs }] : [];
    }),
  );
  return found.flat();
}

/** Removes what a process left that died while it wrote a backup here. */
export async function removeUnfinished(folder: string): Promise<void> {
  const isLeft = (name: string): boolean => name.endsWith(UNFINISHED) && NAME.test(name.slice(0, -UNFINISHED.length));
  const left = (await namesIn(folder)).filter(isLeft);
  await Promise.all(left.map((name) => rm(join(folder, name), { force: true })));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unwritable(folder, error);
  }
}

/**
 * Has `write` make a file under a name that says that it is not finished, waits for the disk, and then gives it its own name.
 * Where that fails, nothing is left. Rejects with AppError `store_unavailable` where the place cannot be written to.
 */
export async function writeWhole<Value>(path: string, write: (unfinished: string) => Promise<Value>): Promise<Value> {
  const unfinished = `${path}${UNFINISHED}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // Left by a process that died.
    await rm(unfinished, { force: true });
    const value = await write(unfinished);
    await syncFile(unfinished);
    await rename(unfinished, path);
    await syncFolder(dirname(path));
    return value;
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => {});
    throw unwritable(path, error);
  }
}

/** Has `write` make a file that is gone once it was read, whatever becomes of this process meanwhile. */
export async function writeToHandOn(path: string, write: (unfinished: string) => Promise<void>): Promise<BackupStream> {
  const unfinished = `${path}${UNFINISHED}`;
  await removeUnfinished(dirname(path));
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    await write(unfinished);
    const file = await open(unfinished, 'r');
    const { size } = await file.stat();
    return { octets: size, content: contentOf(file) };
  } catch (error) {
    throw unwritable(path, error);
  } finally {
    // What is open can still be read.
    await rm(unfinished, { force: true }).catch(() => {});
  }
}

async function* contentOf(file: FileHandle): AsyncGenerator<Uint8Array> {
  try {
    for (let at = 0; ; ) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(READ_AT_ONCE), 0, READ_AT_ONCE, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** Writes a file that only its owner can read. Rejects with `EEXIST` where there is one already. */
export async function writeNew(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of content) await file.write(chunk);
  } finally {
    await file.close();
  }
}

/** Resolves once the disk has the file. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.sync().finally(() => file.close());
}

/** A name is on the disk once its folder is. Not every system can say so. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => null);
  await folder?.sync().catch(() => {});
  await folder?.close();
}

/** What keeps a backup from being written here, and what to do about it. */
export function unwritable(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof AppError || code === undefined) return error;
  const why = isOutOfRoom(error)
    ? 'its disk is full: free some space, or name another place'
    : `${code}: check that the folder exists, who owns it, and its mode`;
  return new AppError('store_unavailable', `${basename(path)} cannot be written (${why}).`, {}, error);
}
