import { beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../src/domain/app-error.ts';
import type { BellhopEvent } from '../../src/domain/events.ts';
import type { Backup, BackupNotes, BackupStore } from '../../src/store/backup-store.ts';
import { createEvents } from '../../src/telemetry/emitter.ts';
import { createBackupKeeper } from '../../src/upkeep/backup-keeper.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { NOW_MS } from '../support/samples.ts';

const HOUR_MS = 3_600_000;

let kept: Backup[];
let isDiskFull: boolean;
let notes: BackupNotes[];
let told: BellhopEvent[];
beforeEach(() => {
  kept = [];
  notes = [];
  told = [];
  isDiskFull = false;
});

const store: BackupStore = {
  async make(given) {
    if (isDiskFull) throw new AppError('store_unavailable', 'full');
    notes.push(given);
    const made = { name: String(given.madeAtMs), octets: 1, madeAtMs: given.madeAtMs };
    kept.unshift(made);
    return made;
  },
  take: () => Promise.reject(new Error('not asked for')),
  list: async () => kept,
  forgetUpgrade: async () => false,
  keepNewest: async (count) => kept.splice(count).map(({ name }) => name),
};

function keeper(options: { keep?: number; sealKeys?: () => Promise<string> } = {}) {
  const clock = createFakeClock(NOW_MS);
  const events = createEvents(() => {});
  events.subscribe((event) => told.push(event));
  const { keep = 2, sealKeys = null } = options;
  return { clock, keeper: createBackupKeeper({ store, events, clock, everyMs: 6 * HOUR_MS, keep, sealKeys }) };
}

const ages = (): number[] => kept.map(({ madeAtMs }) => (madeAtMs - NOW_MS) / HOUR_MS);

describe('the keeper of backups', () => {
  it('makes one at once where there is none, then each time the newest has its age, and keeps as many as it is told', async () => {
    const { clock, keeper: it } = keeper();
    for (let hour = 0; hour <= 18; hour += 1) {
      await it.tick();
      clock.advance(HOUR_MS);
    }
    expect(ages()).toEqual([18, 12]);
    expect(notes.map(({ sealedKeys }) => sealedKeys)).toEqual([null, null, null, null]);
    expect(told.map(({ type }) => type)).toEqual(Array(4).fill('backup.made'));
  });

  it('goes by what an earlier process made, and tells of it', async () => {
    kept = [{ name: 'old', octets: 7, madeAtMs: NOW_MS - 5 * HOUR_MS }];
    const { clock, keeper: it } = keeper();
    await it.tick();
    expect(told).toEqual([{ type: 'backup.found', name: 'old', octets: 7, madeAtMs: NOW_MS - 5 * HOUR_MS }]);
    clock.advance(HOUR_MS);
    await it.tick();
    expect(ages()).toEqual([1, -5]);
  });

  it('says that one failed, removes nothing then, and tries again', async () => {
    kept = [1, 2, 3].map((age) => ({ name: `${age}`, octets: 1, madeAtMs: NOW_MS - age * 24 * HOUR_MS }));
    isDiskFull = true;
    const { clock, keeper: it } = keeper({ keep: 1 });
    await it.start();
    expect(told.at(-1)).toMatchObject({ type: 'part.failed', part: 'backup_keeper' });
    expect(kept).toHaveLength(3);
    isDiskFull = false;
    clock.advance(600_000);
    await it.stop();
    expect(kept).toHaveLength(1);
    expect(told.at(-1)).toMatchObject({ type: 'backup.made' });
  });

  it('puts sealed keys into each where it is asked to', async () => {
    await keeper({ sealKeys: async () => 'sealed' }).keeper.tick();
    expect(notes).toEqual([{ madeAtMs: NOW_MS, sealedKeys: 'sealed' }]);
  });
});
