import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { orAborted } from '../../src/domain/or-aborted.ts';
import { collectedOf } from '../support/collected.ts';

const never = () => new Promise<never>(() => {});

it('gives what comes of the work', async () => {
  const { signal } = new AbortController();
  await expect(orAborted(Promise.resolve(7), signal)).resolves.toBe(7);
  await expect(orAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
});

it('gives null where the signal is aborted first, or was', async () => {
  const ending = new AbortController();
  const waiting = orAborted(never(), ending.signal);
  ending.abort();
  await expect(waiting).resolves.toBeNull();
  await expect(orAborted(never(), ending.signal)).resolves.toBeNull();
});

it('leaves a rejection after that to nobody', async () => {
  const ending = new AbortController();
  const { promise, reject } = rejectable();
  const waiting = orAborted(promise, ending.signal);
  ending.abort();
  await expect(waiting).resolves.toBeNull();
  reject(new Error('late'));
  await new Promise(setImmediate);
});

it('keeps nothing of what is over while the signal lives', async () => {
  const { signal } = new AbortController();
  const answers: WeakRef<object>[] = [];
  for (let round = 0; round < 100; round += 1) {
    const answer = await orAborted(Promise.resolve({ round }), signal);
    if (answer !== null) answers.push(new WeakRef(answer));
  }
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  expect(await collectedOf(answers)).toBeGreaterThanOrEqual(99);
});

function rejectable() {
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<never>((_, onReject) => {
    reject = onReject;
  });
  return { promise, reject };
}
