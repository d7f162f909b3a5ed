import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { readSending, SENDING_FACT } from '../../../src/domain/sending/sending.ts';
import type { DriverName } from '../../../src/store/sqlite/file/driver.ts';
import { connect } from '../../../src/store/sqlite/file/driver.ts';
import { type Restorable, type RestoreOptions, restoreStore } from '../../../src/store/sqlite/restore.ts';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { sampleAcceptance, sampleNotification, sampleSubscription } from '../../support/samples.ts';

/** What a backup becomes again. The restore itself takes the driver that the runtime prefers. */
export function restoreSuite(driver: DriverName): void {
  describe(`a restore from SQLite by ${driver}`, () => {
    let folder: string;
    let store: Store;
    let backup: string;
    const target = (): string => join(folder, 'new', 'bellhop.db');
    const notification = sampleNotification();
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'bellhop-restore-'));
      store = await openSqliteStore({ path: join(folder, 'old.db'), clock: systemClock, backupDir: folder, driver });
      await store.subscriptions.register(sampleSubscription({ vapidPublicKey: 'BKey' }));
      await store.notifications.accept(sampleAcceptance(notification, ['ada']));
      const { name } = await store.backups.make({ madeAtMs: 5000, sealedKeys: 'sealed' });
      backup = join(folder, name);
    });
    afterEach(async () => {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    });

    async function* octets(path: string): AsyncGenerator<Uint8Array> {
      yield readFileSync(path);
    }
    const restore = (from: string, options: Partial<RestoreOptions> = {}): Promise<Restorable> =>
      restoreStore({
        content: octets(from),
        path: target(),
        nowMs: 9000,
        mayMissLog: false,
        confirm: async () => {},
        ...options,
      });
    const refused = async (from: string, says: RegExp): Promise<void> => {
      await expect(restore(from)).rejects.toMatchObject({
        code: 'store_unavailable',
        message: expect.stringMatching(says),
      });
      expect(existsSync(join(folder, 'new')) ? readdirSync(join(folder, 'new')) : []).toEqual([]);
    };
    const sendingOf = async (path: string) => {
      const opened = await openSqliteStore({ path, clock: systemClock, driver });
      try {
        const sealed = await opened.facts.find('sealed_keys');
        return { sending: readSending(await opened.facts.find(SENDING_FACT)), sealed, opened };
      } finally {
        await opened.close();
      }
    };

    it('names the key that the next start asks for, though no browser has subscribed with it', async () => {
      await store.facts.keep('vapid_public_key', 'BCurrent');
      const { name } = await store.backups.make({ madeAtMs: 6000, sealedKeys: null });
      const { subscriptionsByKey } = await restore(join(folder, name));
      expect(subscriptionsByKey).toEqual(
        new Map([
          ['BCurrent', 0],
          ['BKey', 1],
        ]),
      );
    });

    it('tells what is in it, and starts paused, also after a second start', async () => {
      expect(await restore(backup)).toEqual({
        madeAtMs: 5000,
        subscriptionsByKey: new Map([['BKey', 1]]),
        waitingDeliveries: 0,
        unfinishedNotifications: 1,
        sealedKeys: 'sealed',
      });
      expect(readdirSync(join(folder, 'new'))).toEqual(['bellhop.db']);
      const first = await sendingOf(target());
      expect(first).toMatchObject({ sending: { state: 'paused', cause: 'restored' }, sealed: null });
      expect((await sendingOf(target())).sending).toEqual(first.sending);
      expect(readSending(await store.facts.find(SENDING_FACT)).state).toBe('on');
    });

    it('starts paused too where somebody puts the backup in place by hand', async () => {
      mkdirSync(join(folder, 'new'));
      copyFileSync(backup, target());
      expect((await sendingOf(target())).sending).toMatchObject({ state: 'paused', cause: 'restored' });
    });

    it('writes over nothing, and leaves nothing where it is not to be', async () => {
      await expect(restore(backup, { confirm: () => Promise.reject(new Error('not now')) })).rejects.toThrow('not now');
      expect(readdirSync(join(folder, 'new'))).toEqual([]);
      await restore(backup);
      const before = readFileSync(target());
      await expect(restore(backup)).rejects.toThrow(/nothing is written over it.*move .*bellhop\.db away/);
      expect(readFileSync(target()).equals(before)).toBe(true);
      rmSync(target());
      copyFileSync(backup, `${target()}-wal`);
      await expect(restore(backup)).rejects.toThrow(/bellhop\.db-wal away/);
    });

    it('goes on after one that was killed', async () => {
      mkdirSync(join(folder, 'new'));
      for (const suffix of ['', '-journal', '-wal']) copyFileSync(backup, `${target()}.restoring${suffix}`);
      await restore(backup);
      expect(readdirSync(join(folder, 'new'))).toEqual(['bellhop.db']);
    });

    it('refuses what is no whole backup of Bellhop’s, and a newer one', async () => {
      const whole = readFileSync(backup);
      async function* part(): AsyncGenerator<Uint8Array> {
        yield whole.subarray(0, 60_000);
      }
      await expect(restore(backup, { content: part() })).rejects.toThrow(/cut short: 60000 of \d+ octets/);
      async function* torn(): AsyncGenerator<Uint8Array> {
        yield Buffer.concat([whole.subarray(0, 8192), Buffer.alloc(whole.length - 8192, 0x5a)]);
      }
      await expect(restore(backup, { content: torn() })).rejects.toThrow(/damaged/);
      async function* empty(): AsyncGenerator<Uint8Array> {}
      await expect(restore(backup, { content: empty() })).rejects.toThrow(/empty/);
      const other = join(folder, 'other.db');
      const database = await connect(other, driver);
      database.execute('CREATE TABLE notes (text TEXT)');
      database.close();
      await refused(other, /not one of Bellhop/);
      const newer = await connect(backup, driver);
      newer.execute('PRAGMA user_version = 99');
      newer.close();
      await refused(backup, /newer Bellhop/);
    });

    it('refuses a copy of a file in use, unless told that its newest rows may be missing', async () => {
      await refused(join(folder, 'old.db'), /while Bellhop ran.*--allow-missing-log/);
      expect((await restore(join(folder, 'old.db'), { mayMissLog: true })).madeAtMs).toBeNull();
      expect((await sendingOf(target())).sending).toMatchObject({ state: 'paused', cause: 'restored' });
    });
  });
}
