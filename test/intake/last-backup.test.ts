import { expect, it } from 'vitest';
import { createLastBackup } from '../../src/intake/last-backup.ts';
import { createEvents } from '../../src/telemetry/emitter.ts';
import { NOW_MS } from '../support/samples.ts';

function keptIn(facts: Map<string, string>) {
  const events = createEvents((error) => {
    throw error;
  });
  const store = {
    find: async (name: string) => facts.get(name) ?? null,
    replace: async (name: string, value: string) => void facts.set(name, value),
  };
  const last = createLastBackup(store, events);
  const make = (madeAtMs: number) =>
    events.publish({ type: 'backup.made', destination: 'answer', octets: 1, madeAtMs, tookMs: 1 });
  return {
    last,
    make,
    find: (madeAtMs: number) => events.publish({ type: 'backup.found', name: 'x', octets: 1, madeAtMs }),
  };
}

it('knows of none where none was made', async () => {
  expect(await keptIn(new Map()).last.atMs()).toBeNull();
  expect(await keptIn(new Map([['last_backup', 'no number']])).last.atMs()).toBeNull();
});

it('knows the newest, through a restart, however it was made', async () => {
  const facts = new Map<string, string>();
  const { last, make, find } = keptIn(facts);
  make(NOW_MS);
  find(NOW_MS - 5);
  expect(await last.atMs()).toBe(NOW_MS);
  const later = keptIn(facts);
  expect(await later.last.atMs()).toBe(NOW_MS);
  later.make(NOW_MS + 9);
  expect(await later.last.atMs()).toBe(NOW_MS + 9);
});
