import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openWalSync, Patience } from '../../../../src/store/sqlite/file/wal-sync.ts';

describe('waiting for the disk', () => {
  it('goes on while it is quick, with a slow one now and then', () => {
    const patience = new Patience();
    for (let nowMs = 0; nowMs < 1000; nowMs += 1) {
      expect(patience.waits(nowMs)).toBe(true);
      patience.note(nowMs % 50 === 0 ? 4 : 0.3, nowMs);
    }
  });

  it('stops for longer and longer while it is slow, and starts anew once it was quick', () => {
    const patience = new Patience();
    let nowMs = 0;
    for (const pauseMs of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
      patience.note(12, nowMs);
      expect([patience.waits(nowMs + pauseMs - 1), patience.waits(nowMs + pauseMs)]).toEqual([false, true]);
      nowMs += pauseMs;
    }
    for (let quick = 0; quick < 100; quick += 1) patience.note(0.3, nowMs);
    patience.note(12, nowMs);
    expect([patience.waits(nowMs + 999), patience.waits(nowMs + 1000)]).toEqual([false, true]);
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
