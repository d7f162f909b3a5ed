import { afterEach, expect, it } from 'vitest';
import { deliveryId } from '../../src/domain/ids.ts';
import { type Engine, startEngine } from '../support/engine.ts';
import { fanOutJob } from '../support/samples.ts';

let engine: Engine;
afterEach(() => engine.dispose());

const titlesOf = (device: { received: readonly { payload: string | null }[] }): string[] =>
  device.received.map(({ payload }) => String(JSON.parse(payload ?? '{}').title));

it('a newer notification cancels unsent ones with its topic, and no others', async () => {
  engine = await startEngine({ policy: { maxRetries: 3, baseMs: 3_600_000, maxMs: 3_600_000 } });
  await engine.start();
  const busy = { status: 503 };
  const { device, subscription } = await engine.subscribe('ada', { behaviour: [busy, busy, { status: 201 }] });
  const content = (title: string) => ({ content: { type: 'score', title } });
  const old = await engine.notify(['ada'], { topic: 'match 7', ...content('1:0') });
  await engine.when('delivery.settled', (event) => event.notificationId === old.id && event.state === 'retrying');
  const other = await engine.notify(['ada'], { topic: 'match 8', ...content('0:0') });
  await engine.when('delivery.settled', (event) => event.notificationId === other.id && event.state === 'retrying');
  const next = await engine.notify(['ada'], { topic: 'match 7', ...content('2:0') });
  expect(await engine.ended(old, subscription)).toMatchObject({
    state: 'cancelled',
    reason: 'superseded',
    attempts: [{ httpStatus: 503 }],
  });
  expect((await engine.ended(next, subscription)).state).toBe('delivered');
  expect(titlesOf(device)).toEqual(['2:0']);
  expect(JSON.parse(device.received[0]?.payload ?? '').tag).toBe('match 7');
  const untouched = await engine.store.deliveries.get(deliveryId(other.id, subscription.id));
  expect(untouched?.state).toBe('retrying');
  expect((await engine.store.notifications.get(old.id))?.status).toBe('completed');
});

it('one that was on its way when the newer came is not tried again', async () => {
  engine = await startEngine({ policy: { maxRetries: 3, baseMs: 1, maxMs: 1 } });
  await engine.start();
  const { device, subscription } = await engine.subscribe('ada', {
    behaviour: [{ status: 503, delayMs: 300 }, { status: 201 }],
  });
  const old = await engine.notify(['ada'], { topic: 'match' });
  await device.nextRequest();
  const next = await engine.notify(['ada'], { topic: 'match' });
  expect((await engine.ended(next, subscription)).state).toBe('delivered');
  const ended = await engine.ended(old, subscription);
  expect(ended).toMatchObject({ state: 'cancelled', reason: 'superseded', attempts: [{ httpStatus: 503 }] });
  expect(device.received).toHaveLength(1);
});

it('an older one that is fanned out later does not overtake', async () => {
  engine = await startEngine();
  await engine.start();
  const { device, subscription } = await engine.subscribe('ada');
  const old = await engine.notify(['ada'], { topic: 'match', enqueue: false, acceptedAtMs: Date.now() - 1000 });
  const next = await engine.notify(['ada'], { topic: 'match' });
  await engine.ended(next, subscription);
  await engine.queue.enqueueMany([fanOutJob(old)]);
  expect(await engine.ended(old, subscription)).toMatchObject({ state: 'cancelled', reason: 'superseded' });
  expect(device.requests).toHaveLength(1);
});
