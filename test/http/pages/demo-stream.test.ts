import { Hono } from 'hono';
import { expect, it } from 'vitest';
import type { Delivery } from '../../../src/domain/delivery/delivery.ts';
import type { ApiEnv } from '../../../src/http/kit/request-context.ts';
import { streamViews } from '../../../src/http/pages/demo-stream.ts';
import type { Demo, DemoView } from '../../../src/intake/demo.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { sampleDelivery, sampleNotification, sampleSubscription } from '../../support/samples.ts';
import { until } from '../../support/until.ts';

const notification = sampleNotification();
const delivery = sampleDelivery(notification, sampleSubscription());
const viewOf = (state: Delivery['state'], status: 'sending' | 'completed'): DemoView => ({
  notification: { ...notification, status },
  deliveries: [{ ...delivery, state }],
  explanation: null,
});

/** A stream with time of its own and a store that says what a test puts there. */
async function openStream() {
  const clock = createFakeClock();
  const stopping = new AbortController();
  const scene = {
    view: viewOf('pending', 'sending'),
    fails: false,
    looks: 0,
    ends: 0,
    listener: null as null | (() => void),
  };
  const demo = {
    view: async () => {
      scene.looks += 1;
      if (scene.fails) throw new Error('the store is away');
      return scene.view;
    },
    onChange: (_: string, listener: () => void) => {
      scene.listener = listener;
      return () => {
        scene.listener = null;
      };
    },
  } as unknown as Demo;
  const app = new Hono<ApiEnv>().get('/', (c) =>
    streamViews(c, { demo, clock, stopping: stopping.signal }, scene.view, { userId: 'u', onEnd: () => scene.ends++ }),
  );
  const reader = (await app.request('/')).body!.pipeThrough(new TextDecoderStream()).getReader();
  const next = async (): Promise<string> => (await reader.read()).value ?? '(end)';
  /** Lets time pass once the stream waits for it. */
  const pass = async (ms: number) => {
    await until('the stream waits', () => clock.waiting() > 0);
    clock.advance(ms);
  };
  return { scene, stopping, reader, next, pass, clock };
}

it('tells at once what this process changed', async () => {
  const { scene, next, clock } = await openStream();
  expect(await next()).toContain('"state":"pending"');
  scene.view = viewOf('sending', 'sending');
  scene.listener?.();
  expect(await next()).toContain('"state":"sending"');
  expect(clock.now()).toBe(createFakeClock().now());
});

it('tells within a second what another process changed, and ends after the last view', async () => {
  const { scene, next, pass, clock } = await openStream();
  await next();
  scene.view = viewOf('delivered', 'completed');
  await pass(1000);
  expect(await next()).toContain('"state":"delivered"');
  expect(await next()).toContain('event: end');
  expect(await next()).toBe('(end)');
  expect([scene.ends, scene.listener, clock.waiting()]).toEqual([1, null, 0]);
});

it('goes on when the store had trouble', async () => {
  const { scene, next, pass } = await openStream();
  await next();
  scene.fails = true;
  await pass(1000);
  await until('it looked', () => scene.looks === 1);
  scene.fails = false;
  scene.view = viewOf('retrying', 'sending');
  await pass(1000);
  expect(await next()).toContain('"state":"retrying"');
});

it('says something now and then, tells nothing twice, and ends after a quarter of an hour', async () => {
  const { scene, next, pass } = await openStream();
  await next();
  for (let second = 0; second < 15; second++) await pass(1000);
  expect(await next()).toBe(': still here\n\n');
  await pass(15 * 60_000);
  expect(await next()).toBe('(end)');
  expect(scene.ends).toBe(1);
});

it.each([
  ['the service stops', ({ stopping }: Awaited<ReturnType<typeof openStream>>) => stopping.abort()],
  ['the page goes', ({ reader }: Awaited<ReturnType<typeof openStream>>) => void reader.cancel()],
])('lets go of everything when %s', async (_, leave) => {
  const stream = await openStream();
  await stream.next();
  await until('the stream waits', () => stream.clock.waiting() > 0);
  leave(stream);
  await until('it has let go', () => stream.scene.ends === 1);
  expect([stream.scene.listener, stream.clock.waiting()]).toEqual([null, 0]);
});
