import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { untilAborted } from '../../../src/http/kit/streams.ts';
import { collectedOf } from '../../support/collected.ts';

async function* objects(many: number): AsyncGenerator<object> {
  for (let at = 0; at < many; at += 1) {
    await setImmediate();
    yield { at };
  }
}

it('gives all that comes, and ends with it', async () => {
  const found: object[] = [];
  for await (const one of untilAborted(objects(3), new AbortController().signal)) found.push(one);
  expect(found).toEqual([{ at: 0 }, { at: 1 }, { at: 2 }]);
});

it('ends at once when the signal is aborted, with nothing there to come', async () => {
  const ending = new AbortController();
  const silent = (async function* (): AsyncGenerator<object> {
    yield { at: 0 };
    await new Promise(() => {});
  })();
  const items = untilAborted(silent, ending.signal);
  await expect(items.next()).resolves.toMatchObject({ done: false });
  const next = items.next();
  ending.abort();
  await expect(next).resolves.toMatchObject({ done: true });
});

it('holds nothing of what it gave, however long it goes on', async () => {
  const given: WeakRef<object>[] = [];
  const items = untilAborted(objects(101), new AbortController().signal);
  for (let at = 0; at < 100; at += 1) given.push(new WeakRef((await items.next()).value));
  expect(await collectedOf(given)).toBeGreaterThanOrEqual(99);
  await items.return(undefined);
});
