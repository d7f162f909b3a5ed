import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { deliveryId } from '../../src/domain/ids.ts';
import { createSendingControl, type SendingControl } from '../../src/intake/sending.ts';
import { type Engine, startEngine } from '../support/engine.ts';
import { until } from '../support/until.ts';

let engine: Engine;
let control: SendingControl;
beforeEach(async () => {
  engine = await startEngine();
  const { store, sendingWatch } = engine;
  control = createSendingControl({ store, clock: systemClock, onChange: () => sendingWatch.hurry() });
});
afterEach(() => engine.dispose());

/** Waits until every job was run, and found that it may do nothing. */
const jobsRun = () => until('every job was run', async () => (await engine.queue.depthOf('normal')) === 0);

it('sends and fans out nothing while it is paused, and all of it when it is resumed', async () => {
  await control.pause();
  await engine.start();
  const { device, subscription } = await engine.subscribe('ada');
  const waiting = await engine.notify(['ada']);
  await jobsRun();
  await engine.rescuer.tick();
  await jobsRun();
  expect(device.requests).toEqual([]);
  expect((await engine.store.fanOuts.get(waiting.id))?.cursor).not.toBeNull();
  expect(engine.told.map(({ type }) => type)).toEqual(['sending.paused']);
  expect(await control.resume('send')).toMatchObject({ state: 'on' });
  expect((await engine.ended(waiting, subscription)).state).toBe('delivered');
});

it('ends what was accepted before the pause unsent, where a person says so, and sends what came later', async () => {
  await engine.start();
  const { device, subscription } = await engine.subscribe('ada');
  const old = await engine.notify(['ada'], { enqueue: false, acceptedAtMs: Date.now() - 1000 });
  await control.pause();
  const later = await engine.notify(['ada'], { acceptedAtMs: Date.now() + 1 });
  await jobsRun();
  await control.resume('drop');
  expect(await engine.ended(old, subscription)).toMatchObject({
    state: 'cancelled',
    reason: 'dropped',
    attempts: [],
  });
  expect((await engine.ended(later, subscription)).state).toBe('delivered');
  expect(device.requests).toHaveLength(1);
  expect((await engine.store.notifications.get(old.id))?.status).toBe('completed');
});

it('judges deadlines again when it is resumed', async () => {
  await control.pause();
  await engine.start();
  const { device, subscription } = await engine.subscribe('ada');
  const short = await engine.notify(['ada'], { ttlSeconds: 1, acceptedAtMs: Date.now() - 2000 });
  await control.resume('send');
  expect((await engine.ended(short, subscription)).state).toBe('expired');
  expect(device.requests).toEqual([]);
});

it('stops at once in this process, and finds the pause of another within two seconds', async () => {
  await engine.start();
  const { device, subscription } = await engine.subscribe('ada');
  await createSendingControl({ store: engine.store, clock: systemClock, onChange: () => {} }).pause();
  await engine.when('sending.paused');
  const waiting = await engine.notify(['ada']);
  await jobsRun();
  expect(device.requests).toEqual([]);
  expect(await engine.store.deliveries.get(deliveryId(waiting.id, subscription.id))).toBeNull();
});
