import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { eraseDue } from '../../../src/intake/erasing.ts';
import { listPathOf } from '../../../src/store/sqlite/erasure/list-file.ts';
import { connect } from '../../../src/store/sqlite/file/driver.ts';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { leaveTexts, SECRET } from '../../support/personal-texts.ts';
import { sampleSubscription } from '../../support/samples.ts';
import { deliveriesTo, erasuresOn, leaveTraces, PERSON } from '../../support/traces.ts';

let folder: string;
let path: string;
const told: string[] = [];

beforeEach(() => {
  folder = join(tmpdir(), `bellhop-${randomUUID()}`);
  path = join(folder, 'bellhop.db');
  told.length = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (at = path) => openSqliteStore({ path: at, clock: systemClock, warn: (text) => told.push(text) });

/** Every text in every table. */
async function textsIn(at: string): Promise<string> {
  const database = await connect(at);
  const tables = database.all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'");
  const rows = tables.map(({ name }) => [name, database.all(`SELECT * FROM ${name}`)]);
  database.close();
  return JSON.stringify(rows);
}

describe('the embedded store, once a person is erased', () => {
  it('has the name in no table, and the list beside it names nobody', async () => {
    const store = await open();
    await leaveTraces(store);
    await erasuresOn(store).erasures.erase(PERSON);
    await store.close();
    expect(await textsIn(path)).not.toContain(PERSON);
    expect(await readFile(listPathOf(path), 'utf8')).not.toContain(PERSON);
    expect(await textsIn(path)).toContain('bob-who-stays');
  });

  it('has nothing of what was said to the person alone, whatever became of it', async () => {
    const store = await open();
    await leaveTexts(store);
    await erasuresOn(store).erasures.erase(PERSON);
    await store.close();
    const texts = await textsIn(path);
    for (const word of [SECRET, PERSON]) expect(texts).not.toContain(word);
    expect(texts).toContain('not.fanned.out');
  });

  it('erases again, at its start, whom a restored backup brings back; also one from before there were erasures', async () => {
    const first = await open();
    await leaveTraces(first);
    await first.close();
    await copyFile(path, join(folder, 'backup.db'));
    const second = await open();
    const { erasure } = await erasuresOn(second).erasures.erase(PERSON);
    await second.close();
    await rm(path);
    await copyFile(join(folder, 'backup.db'), path);
    const old = await connect(path);
    old.run("DELETE FROM facts WHERE name = 'erasure_key'");
    old.close();
    const restored = await open();
    expect(told).toEqual(['1 people were erased after what this store has: they are being erased again']);
    expect(await deliveriesTo(restored, PERSON)).not.toEqual([]);
    const { parts, erasures } = erasuresOn(restored);
    while (await eraseDue(parts, () => false));
    expect((await erasures.get(erasure.id)).receipt?.counts).toMatchObject({ subscriptions: 2, audit_entries: 1 });
    await restored.close();
    expect(await textsIn(path)).not.toContain(PERSON);
    await (await open()).close();
    expect(told).toHaveLength(1);
  });

  it('begins after a line that a crash cut short, and keeps a list of another store out of the way', async () => {
    const store = await open();
    const { erasures } = erasuresOn(store);
    await erasures.erase('ada');
    await store.close();
    const list = await readFile(listPathOf(path), 'utf8');
    await writeFile(listPathOf(path), list.slice(0, -20));
    const again = await open();
    await again.subscriptions.register(sampleSubscription({ userId: 'bob' }));
    await erasuresOn(again).erasures.erase('bob');
    await again.close();
    const other = join(folder, 'other', 'bellhop.db');
    await mkdir(dirname(other));
    await (await open(other)).close();
    await copyFile(listPathOf(path), listPathOf(other));
    const strange = await open(other);
    expect(told).toEqual([expect.stringContaining('of another store')]);
    expect(await strange.erasures.toFind(9)).toEqual([]);
    await strange.close();
  });
});
