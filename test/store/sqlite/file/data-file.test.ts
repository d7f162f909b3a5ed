import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/clock.ts';
import { openSqliteStore } from '../../../../src/store/sqlite/sqlite-store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-file-'));
  mkdirSync(join(folder, 'data'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const open = (name = 'data/bellhop.db') => openSqliteStore({ path: at(name), clock: systemClock });
const refused = (message: RegExp) =>
  expect(open()).rejects.toMatchObject({ code: 'store_unavailable', message: expect.stringMatching(message) });

describe('the database file', () => {
  it('may be a link to a file, beside which SQLite keeps its own', async () => {
    mkdirSync(at('disk'));
    writeFileSync(at('disk/real.db'), '');
    symlinkSync('../disk/real.db', at('data/bellhop.db'));
    const store = await open();
    await store.facts.keep('a', 'kept');
    expect(readdirSync(at('disk')).sort()).toEqual(['real.db', 'real.db-reserve', 'real.db-wal']);
    expect(readdirSync(at('data'))).toEqual(['bellhop.db']);
    await store.close();
    const again = await open();
    expect(await again.facts.keep('a', 'other')).toBe('kept');
    await again.close();
  });

  it('may be in a folder that is a link', async () => {
    symlinkSync('data', at('link'));
    await (await open('link/bellhop.db')).close();
    expect(existsSync(at('data/bellhop.db'))).toBe(true);
  });

  it('is refused where it is a link to nothing, and is made nowhere', async () => {
    symlinkSync('../elsewhere.db', at('data/bellhop.db'));
    await refused(/bellhop\.db is a link that leads nowhere: restore the file it names, or remove the link/);
    expect(existsSync(at('elsewhere.db'))).toBe(false);
  });

  it('is refused where it is a link to itself', async () => {
    symlinkSync('bellhop.db', at('data/bellhop.db'));
    await refused(/bellhop\.db is a link that leads nowhere/);
  });

  it.each(['bellhop.db', 'bellhop.db-wal', 'bellhop.db-shm', 'bellhop.db-journal'])(
    'is refused where %s is a folder, a pipe, or a link to one',
    async (name) => {
      mkdirSync(at(`data/${name}`));
      await refused(/is no file, where the database has a file of its own/);
      rmSync(at(`data/${name}`), { recursive: true });
      execFileSync('mkfifo', [at(`data/${name}`)]);
      await refused(/is no file, where the database has a file of its own/);
      execFileSync('mv', [at(`data/${name}`), at('pipe')]);
      symlinkSync('../pipe', at(`data/${name}`));
      await refused(/is (?:no file|a link), where the database has a file of its own/);
    },
  );

  it.each(['bellhop.db-wal', 'bellhop.db-shm', 'bellhop.db-journal'])(
    'is refused where %s is a link: what is committed would be kept elsewhere',
    async (name) => {
      writeFileSync(at('elsewhere'), '');
      symlinkSync('../elsewhere', at(`data/${name}`));
      await refused(/is a link, where the database has a file of its own: move it away/);
    },
  );
});
