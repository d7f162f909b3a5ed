import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DiskSpeed, openWalSync } from '../../../../src/store/sqlite/file/wal-sync.ts';

describe('the speed of the disk', () => {
  it('is quick while its syncs are, with a slow one now and then', () => {
    const speed = new DiskSpeed();
    for (let nowMs = 0; nowMs < 1000; nowMs += 1) {
      expect(speed.isQuick(nowMs)).toBe(true);
      speed.note(nowMs % 50 === 0 ? 4 : 0.3, nowMs);
    }
  });

  it('is slow for longer and longer each time, and anew for a second once it was quick for long', () => {
    const speed = new DiskSpeed();
    let nowMs = 0;
    for (const pauseMs of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
      speed.note(12, nowMs);
      expect([speed.isQuick(nowMs + pauseMs - 1), speed.isQuick(nowMs + pauseMs)]).toEqual([false, true]);
      nowMs += pauseMs;
    }
    for (let quick = 0; quick < 100; quick += 1) speed.note(0.3, nowMs);
    speed.note(12, nowMs);
    expect([speed.isQuick(nowMs + 999), speed.isQuick(nowMs + 1000)]).toEqual([false, true]);
  });

  it('confirms what is on a real disk, and says so where it cannot', async () => {
    const path = join(tmpdir(), `bellhop-wal-${process.pid}-${Date.now()}`);
    writeFileSync(path, 'written');
    const wal = openWalSync(path);
    await Promise.all([wal.sync(), wal.sync()]);
    wal.close();
    await expect(wal.sync()).rejects.toMatchObject({ code: 'store_unavailable' });
    rmSync(path);
  });
});
