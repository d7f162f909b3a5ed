import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';

/** A file system of a few MiB, of its own, that a test can fill. */
export type SmallDisk = {
  readonly folder: string;
  readonly freeOctets: () => number;
  /** Takes all the room that is left but so many octets, in a file of its own. */
  readonly fill: (leaveOctets?: number) => void;
  /** Gives that room back. */
  readonly clear: () => void;
  readonly dispose: () => void;
};

const FILLER = 'filler';

/** Mounts a tmpfs. Throws where this user may not. */
export function mountSmallDisk(mebibytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-small-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder], {
    encoding: 'utf8',
  });
  if (mounted.status !== 0) {
    rmdirSync(folder);
    throw new Error(mounted.error?.message ?? mounted.stderr.trim());
  }
  const freeOctets = (): number => {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  };
  return {
    folder,
    freeOctets,
    fill(leaveOctets = 0) {
      const descriptor = openSync(join(folder, FILLER), 'a');
      try {
        for (let left = freeOctets() - leaveOctets; left > 0; left = freeOctets() - leaveOctets)
          writeSync(descriptor, Buffer.alloc(Math.min(left, 65_536)));
      } finally {
        closeSync(descriptor);
      }
    },
    clear: () => rmSync(join(folder, FILLER), { force: true }),
    dispose() {
      spawnSync('umount', ['-l', folder]);
      rmdirSync(folder);
    },
  };
}

function reasonNotTo(): string | null {
  try {
    mountSmallDisk(1).dispose();
    return null;
  } catch (error) {
    return `no tmpfs can be mounted here (as root on Linux it can): ${(error as Error).message}`;
  }
}

const reason = reasonNotTo();

/**
 * Declares the suite where a small disk can be mounted; else one test says that it cannot: a skipped one, and where CI=true a
 * failing one, unless CANNOT_MOUNT=true says that the machine will never let it.
 */
export function describeWithSmallDisk(name: string, declare: () => void): void {
  if (reason === null) describe(name, declare);
  else if (process.env.CI === 'true' && process.env.CANNOT_MOUNT !== 'true') {
    describe(name, () => {
      it('needs a small disk', () => {
        throw new Error(`${reason}. Set CANNOT_MOUNT=true where that is so for good.`);
      });
    });
  } else describe(name, () => it.skip(`skipped: ${reason}`));
}
