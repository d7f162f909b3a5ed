import { randomBytes } from 'node:crypto';
import { closeSync, ftruncateSync, lstatSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Checkpoints } from './checkpoints.ts';
import type { Database } from './driver.ts';
import { isOutOfRoom } from './storage-error.ts';

/** Whether there is room for what is written, and a reserve that is kept for what is deleted. */
export type DiskSpace = {
  /** False while the disk is full: then only deletions may be written. Looks anew, once a second at most. */
  hasRoom(): boolean;
  /** A write did not fit. */
  noteFull(): void;
  /** Moves what is in the write-ahead log to its place in the data file, and frees the log's room, as far as there is room. */
  emptyLog(): void;
  /** Lets go of the reserve, then empties the log. Harmless when repeated. */
  giveUpReserve(): void;
};

const MIB = 1024 * 1024;
const LARGEST_RESERVE = 8 * MIB;
const SMALLEST_RESERVE = MIB / 2;
/** A small disk is not spent on the reserve. */
const DISKS_PER_RESERVE = 32;
/** What must be free beside the reserve, by share of it: so much is written, and taken back, before the disk counts as roomy. */
const RESERVES_PER_PROOF = 8;
/** With so much free inside the data file, writes need little of the disk, and half of a reserve will do. */
const MUCH_FREE_INSIDE = 4 * MIB;
const LOOK_AGAIN_MS = 1000;
/** Written to the reserve: the same for all of it, for no file system compresses over such a distance. */
const FILLING = randomBytes(MIB / 2);

/** Where the reserve lies. Its content is of no use to anybody. */
export function reservePath(dataPath: string): string {
  return `${dataPath}-reserve`;
}

/**
 * Keeps a file beside the data file that is let go once the disk is full: what is deleted is written to the log first, which
 * takes room. While the reserve is not whole, the disk counts as full, so that nothing but deletions is written to the room
 * that it gave. The reserve is made when room is asked for first.
 */
export function watchDiskSpace(
  database: Database,
  checkpoints: Pick<Checkpoints, 'run'>,
  nowMs: () => number = () => performance.now(),
): DiskSpace {
  const reserve = createReserve(database);
  // The log and what it brings to the data file must fit into the reserve.
  database.all(`PRAGMA wal_autocheckpoint = ${Math.min(1000, Math.floor(reserve.wholeOctets / 2 / 4096))}`);
  // Until the first look.
  let isShort = true;
  let lookAgainAtMs = Number.NEGATIVE_INFINITY;
  const emptyLog = (): void => {
    try {
      checkpoints.run();
    } catch {
      // No room for that either: the log stays as it is, and nothing in it is lost.
    }
  };
  return {
    hasRoom() {
      if (!isShort || nowMs() < lookAgainAtMs) return !isShort;
      emptyLog();
      isShort = !(reserve.isWhole() || reserve.make()) || !reserve.canGrow();
      if (isShort) lookAgainAtMs = nowMs() + LOOK_AGAIN_MS;
      return !isShort;
    },
    noteFull() {
      isShort = true;
    },
    giveUpReserve() {
      isShort = true;
      reserve.giveUp();
      emptyLog();
    },
    emptyLog,
  };
}

type Reserve = {
  readonly wholeOctets: number;
  isWhole(): boolean;
  /** False, and nothing left behind, where there is no room for it and for the proof beside it. True where it cannot be told. */
  make(): boolean;
  giveUp(): void;
  /** Whether the disk takes more than the reserve: it is asked by writing, since a quota shows in no number. */
  canGrow(): boolean;
};

function createReserve(database: Database): Reserve {
  const path = reservePath(database.path);
  const folder = dirname(database.path);
  const wholeOctets = wholeFor(diskOf(folder)?.octets ?? Number.POSITIVE_INFINITY);
  const proofOctets = wholeOctets / RESERVES_PER_PROOF;
  let keptOctets = octetsOnDisk(path);
  const giveUp = (): void => {
    keptOctets = 0;
    try {
      rmSync(path, { force: true });
    } catch {
      // A folder of this name, or a file that is not ours to remove: there is no reserve then.
    }
  };
  return {
    wholeOctets,
    isWhole: () => keptOctets >= leastOctets(database, wholeOctets),
    make() {
      giveUp();
      const freeOctets = diskOf(folder)?.freeOctets ?? Number.POSITIVE_INFINITY;
      const octets = Math.min(wholeOctets, freeOctets - proofOctets);
      if (octets < leastOctets(database, wholeOctets)) return false;
      const filled = fill(path, 'wx', { from: 0, octets });
      if (filled === 'done') keptOctets = octets;
      else giveUp();
      return filled !== 'no_room';
    },
    giveUp,
    canGrow: () => fill(path, 'r+', { from: keptOctets, octets: proofOctets, cutTo: keptOctets }) !== 'no_room',
  };
}

/** Half of the reserve is enough where writes go to room inside the data file. */
function leastOctets(database: Database, wholeOctets: number): number {
  const pages = database.first<{ freelist_count: number }>('PRAGMA freelist_count')?.freelist_count ?? 0;
  const size = database.first<{ page_size: number }>('PRAGMA page_size')?.page_size ?? 0;
  return pages * size >= MUCH_FREE_INSIDE ? wholeOctets / 2 : wholeOctets;
}

function wholeFor(diskOctets: number): number {
  const share = Math.floor(diskOctets / DISKS_PER_RESERVE / FILLING.length) * FILLING.length;
  return Math.min(LARGEST_RESERVE, Math.max(SMALLEST_RESERVE, share));
}

/** Null where the system does not say. */
function diskOf(folder: string): { readonly octets: number; readonly freeOctets: number } | null {
  try {
    const { bsize, blocks, bavail } = statfsSync(folder);
    return { octets: blocks * bsize, freeOctets: bavail * bsize };
  } catch {
    return null;
  }
}

/** What a file takes of the disk: 0 where there is none, or where a loss of power left only its name and length. */
function octetsOnDisk(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) return 0;
  return Math.min(stat.size, stat.blocks === undefined ? stat.size : stat.blocks * 512);
}

type Place = { readonly from: number; readonly octets: number; readonly cutTo?: number };

/** Writes so much at this place of the file, and cuts the file to `cutTo` again if told so. */
function fill(path: string, flag: 'wx' | 'r+', { from, octets, cutTo }: Place): 'done' | 'no_room' | 'failed' {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(path, flag, 0o600);
    for (let place = from; place < from + octets; ) {
      place += writeSync(descriptor, FILLING, 0, Math.min(FILLING.length, from + octets - place), place);
    }
    return 'done';
  } catch (error) {
    return isOutOfRoom(error) ? 'no_room' : 'failed';
  } finally {
    if (descriptor !== null) {
      if (cutTo !== undefined) ftruncateSync(descriptor, cutTo);
      closeSync(descriptor);
    }
  }
}
