import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../domain/app-error.ts';
import type { BodyStream } from './streams.ts';

/** A body in a file. `sha256`: of all that is in it, in lower-case hex. */
type Spooled = BodyStream & { readonly sha256: string };

/** Where bodies wait on the disk until it is known that they are what was signed. */
export type Spool = {
  /**
   * Keeps all of a body. Rejects with `body_too_large`, with `overloaded` where the others leave no room or the disk is full, and with
   * what `chunks` rejects with. `declaredOctets`: of Content-Length; 0 where it is not known.
   */
  keep(chunks: AsyncIterable<Uint8Array>, declaredOctets: number): Promise<Spooled>;
};

/** More than a million notifications of a usual size. */
const MOST_OCTETS = 256 * 1024 * 1024;
/** Of all bodies together. */
const MOST_OCTETS_IN_ALL = 2 * MOST_OCTETS;

const READ_OCTETS = 64 * 1024;

/** Spools in the first of these folders that can be written to; in the system's for temporary files where none is given. */
export function createSpool(
  folders: readonly string[] = [],
  mostOctets = MOST_OCTETS,
  mostInAll = MOST_OCTETS_IN_ALL,
): Spool {
  let octetsInAll = 0;
  return {
    async keep(chunks, declaredOctets) {
      if (declaredOctets > mostOctets) throw tooLarge(mostOctets);
      const file = await openNameless([...folders, tmpdir()]);
      const digest = createHash('sha256');
      let octets = 0;
      const close = closeOnce(async () => {
        octetsInAll -= octets;
        await file.close();
      });
      try {
        for await (const chunk of chunks) {
          octets += chunk.byteLength;
          octetsInAll += chunk.byteLength;
          if (octets > mostOctets) throw tooLarge(mostOctets);
          if (octetsInAll > mostInAll) throw overloaded();
          digest.update(chunk);
          await file.writeFile(chunk).catch(refuseWhereFull);
        }
      } catch (error) {
        await close();
        throw error;
      }
      return { sha256: digest.digest('hex'), chunks: readBack(file), close };
    },
  };
}

/** The file has no name from its first moment on, so that nothing of it is left behind, however this process ends. */
async function openNameless(folders: readonly string[]): Promise<FileHandle> {
  for (const folder of folders) {
    const path = join(folder, `bellhop-body-${randomUUID()}`);
    const file = await open(path, 'wx+', 0o600).catch(() => null);
    if (file === null) continue;
    await unlink(path);
    return file;
  }
  throw new AppError(
    'body_too_large',
    'No folder for temporary files can be written to here, so that a signed body may have no more than 2 MiB. Send less at a time.',
  );
}

async function* readBack(file: FileHandle): AsyncGenerator<Uint8Array> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await file.read(new Uint8Array(READ_OCTETS), 0, READ_OCTETS, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

function closeOnce(close: () => Promise<void>): () => Promise<void> {
  let closed: Promise<void> | null = null;
  return () => {
    closed ??= close();
    return closed;
  };
}

function refuseWhereFull(error: NodeJS.ErrnoException): never {
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') throw overloaded();
  throw error;
}

function tooLarge(limit: number): AppError {
  return new AppError('body_too_large', `The body is over ${limit} octets. Send less at a time.`, {
    limit_octets: limit,
  });
}

function overloaded(): AppError {
  return new AppError(
    'overloaded',
    'More signed bodies arrive at once than there is room for on the disk. Send the same again shortly.',
  );
}
