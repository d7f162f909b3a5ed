import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Pool } from 'undici';
import { connect } from '../../src/store/sqlite/file/driver.ts';
import { accept, bodyFor, steadyLoad } from './api.ts';
import { startService } from './service-under-test.ts';
import type { Sink } from './sink.ts';
import { percentile, type Spread, spreadOf } from './statistics.ts';

export type BackupFigures = {
  readonly storeMib: number;
  readonly acceptsPerSecond: number;
  readonly p99BeforeMs: number;
  readonly p99DuringMs: number;
  readonly tookMs: Spread;
  /** Of all backups, those that were whole and held all that was accepted before they began. */
  readonly sound: number;
  readonly backups: number;
};

export type BackupBenchOptions = {
  readonly sink: Sink;
  readonly storeOctets: number;
  readonly acceptsPerSecond: number;
  readonly backups: number;
  readonly secondsBefore: number;
};

const MIB = 1024 * 1024;
/** Enough that a store of hundreds of megabytes is made in a minute. */
const FILLING_RECIPIENTS = 1000;
const AT_ONCE = 32;

/** Backups of a store of this size while calls come at a steady rate: what they cost the callers, and whether each is sound. */
export async function measureBackup(options: BackupBenchOptions): Promise<BackupFigures> {
  const { sink, storeOctets, acceptsPerSecond, secondsBefore } = options;
  const service = await startService({ sink, environment: { BACKUP_DIR: 'backups', BACKUP_EVERY_HOURS: '8760' } });
  const pool = new Pool(service.address);
  const path = join(service.folder, 'data', 'bellhop.db');
  try {
    // What fills the store is to stay in it, and not to be fanned out while others are measured.
    await service.call('POST', '/v1/sending/pause');
    const filling = bodyFor(FILLING_RECIPIENTS);
    while (statSync(path).size < storeOctets)
      await Promise.all(Array.from({ length: AT_ONCE }, () => accept(pool, filling)));
    const storeMib = Math.round(statSync(path).size / MIB);
    const body = bodyFor(1);
    const before = await steadyLoad(pool, body, acceptsPerSecond, secondsBefore);
    const during: number[] = [];
    const tookMs: number[] = [];
    let sound = 0;
    for (let made = 0; made < options.backups; made += 1) {
      const last =
        ((await service.call('GET', '/v1/notifications?limit=1')).body.items as { id: string }[])[0]?.id ?? '';
      let name: string | null = null;
      const startedAtMs = performance.now();
      const making = service
        .call('POST', '/v1/backups', { body: { destination: 'folder' } })
        .then(({ body: answer }) => {
          tookMs.push(performance.now() - startedAtMs);
          name = String(answer.name);
        });
      while (name === null) during.push(...(await steadyLoad(pool, body, acceptsPerSecond, 1)));
      await making;
      const backup = join(service.folder, 'backups', name);
      if (await isSound(backup, last)) sound += 1;
      rmSync(backup);
    }
    const p99 = (latencies: readonly number[]): number => percentile(latencies, 0.99);
    return {
      storeMib,
      acceptsPerSecond,
      p99BeforeMs: p99(before),
      p99DuringMs: p99(during),
      tookMs: spreadOf(tookMs),
      sound,
      backups: options.backups,
    };
  } finally {
    await Promise.all([pool.destroy(), service.stop()]);
  }
}

async function isSound(path: string, notificationId: string): Promise<boolean> {
  const backup = await connect(path);
  try {
    const check = backup.first<{ integrity_check: string }>('PRAGMA integrity_check')?.integrity_check;
    return check === 'ok' && backup.first('SELECT 1 FROM notifications WHERE id = ?', [notificationId]) !== undefined;
  } finally {
    backup.close();
  }
}
