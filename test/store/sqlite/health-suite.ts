import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { connect, type DriverName } from '../../../src/store/sqlite/file/driver.ts';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { MIGRATIONS } from '../../../src/store/sqlite/tables/schema.ts';
import type { Store } from '../../../src/store/store.ts';
import { sampleAcceptance, sampleNotification } from '../../support/samples.ts';

/** What a start makes of a data file that something happened to. */
export function healthSuite(driver: DriverName): void {
  describe(`the health of a file, by ${driver}`, () => {
    let folder: string;
    let open: Store[];
    let warnings: string[];
    const pathIn = (name: string): string => join(folder, name, 'bellhop.db');
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'bellhop-health-'));
      open = [];
      warnings = [];
    });
    afterEach(async () => {
      for (const store of open) await store.close();
      rmSync(folder, { recursive: true, force: true });
    });

    const start = async (name: string): Promise<Store> => {
      const warn = (text: string): void => void warnings.push(text);
      const store = await openSqliteStore({ path: pathIn(name), clock: systemClock, driver, warn });
      open.push(store);
      return store;
    };
    const refused = (name: string, says: RegExp) =>
      expect(start(name)).rejects.toMatchObject({ code: 'store_unavailable', message: expect.stringMatching(says) });
    const accept = async (store: Store, count: number): Promise<string> => {
      const made = Array.from({ length: count }, () => sampleNotification());
      for (const one of made) await store.notifications.accept(sampleAcceptance(one, ['ada']));
      return made.at(-1)!.id;
    };
    /** As somebody copies them while the process runs. */
    const copy = async (from: string, to: string, suffixes: readonly string[]): Promise<void> => {
      await (await start(to)).close();
      open.pop();
      for (const suffix of ['', '-wal']) rmSync(`${pathIn(to)}${suffix}`, { force: true });
      for (const suffix of suffixes) copyFileSync(`${pathIn(from)}${suffix}`, `${pathIn(to)}${suffix}`);
    };

    it('is good after a stop, without a word', async () => {
      const store = await start('one');
      const id = await accept(store, 20);
      await store.close();
      expect(await (await start('one')).notifications.get(id)).not.toBeNull();
      expect(warnings).toEqual([]);
    });

    it('is not for a copy of a file in use without its log, which says what is missing and what to do', async () => {
      await accept(await start('one'), 20);
      await copy('one', 'two', ['']);
      await refused('two', /copy of a file that was in use, without its log.*newest rows are missing.*bellhop restore/);
      await refused('two', /without its log/);
    });

    it('is looked at whole for a copy of both, which is told', async () => {
      const store = await start('one');
      const id = await accept(store, 20);
      await copy('one', 'two', ['', '-wal']);
      expect(await (await start('two')).notifications.get(id)).not.toBeNull();
      expect(warnings).toEqual([expect.stringContaining('bellhop backup')]);
    });

    it('is not for a copy whose two files do not fit together', async () => {
      const store = await start('one');
      await accept(store, 300);
      await copy('one', 'two', ['']);
      await accept(store, 2000);
      await store.close();
      await (await start('one')).close();
      const again = await start('one');
      await accept(again, 300);
      copyFileSync(`${pathIn('one')}-wal`, `${pathIn('two')}-wal`);
      await refused('two', /damaged|cut short/);
    });

    it('is not for a file that is cut short, torn, or none of SQLite’s', async () => {
      const store = await start('one');
      await accept(store, 500);
      await store.close();
      const whole = readFileSync(pathIn('one'));
      truncateSync(pathIn('one'), Math.floor(whole.length / 2));
      await refused('one', /cut short|damaged/);
      const torn = Buffer.from(whole);
      torn.fill(0x5a, 16_384, 16_384 + 40 * 4096);
      writeFileSync(pathIn('one'), torn);
      await refused('one', /damaged.*bellhop restore FILE/);
      writeFileSync(pathIn('one'), 'no database at all\n'.repeat(1000));
      await refused('one', /no SQLite database/);
      expect(readFileSync(pathIn('one'), 'utf8').startsWith('no database')).toBe(true);
    });

    it('is not for a file beside the log of another, of which nothing is lost', async () => {
      const store = await start('one');
      await accept(store, 20);
      await store.backups.take({ madeAtMs: 1, sealedKeys: null }).then(async ({ content }) => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of content) chunks.push(chunk);
        await copy('one', 'two', ['', '-wal']);
        writeFileSync(pathIn('two'), Buffer.concat(chunks));
      });
      await accept(store, 1);
      copyFileSync(`${pathIn('one')}-wal`, `${pathIn('two')}-wal`);
      await refused('two', /log of another file: move it away/);
      rmSync(pathIn('two'));
      await refused('two', /missing or empty, and its log is not/);
      expect(existsSync(`${pathIn('two')}-wal`)).toBe(true);
    });

    it('is kept as it was before an upgrade, until the next start that went well', async () => {
      await (await start('one')).close();
      rmSync(pathIn('one'));
      const first = await connect(pathIn('one'), driver);
      first.execute(MIGRATIONS[0]!);
      first.execute('PRAGMA user_version = 1');
      first.run("INSERT INTO nonces (nonce, expires_at) VALUES ('old', 9)");
      first.close();
      const kept = `${pathIn('one')}-before-upgrade`;
      const upgraded = await start('one');
      expect(warnings).toEqual([expect.stringContaining(kept)]);
      expect(await upgraded.backups.forgetUpgrade()).toBe(false);
      await upgraded.close();
      const before = await connect(kept, driver);
      expect(before.all('PRAGMA user_version')).toEqual([{ user_version: 1 }]);
      expect(before.all('SELECT nonce FROM nonces')).toEqual([{ nonce: 'old' }]);
      before.close();
      const next = await start('one');
      expect(existsSync(kept)).toBe(true);
      expect([await next.backups.forgetUpgrade(), existsSync(kept)]).toEqual([true, false]);
    });
  });
}
