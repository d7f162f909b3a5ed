import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BellhopEvent } from '../../src/domain/events.ts';
import type { WebhookEndpoint } from '../../src/domain/webhook/webhook-endpoint.ts';
import { createWebhookTransport, type WebhookTransport } from '../../src/egress/webhook-post.ts';
import { createWebhookEndpoints, type WebhookEndpoints } from '../../src/intake/webhook-endpoints.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { sendRound } from '../../src/upkeep/webhook-round.ts';
import { createWebhookSender } from '../../src/upkeep/webhook-sender.ts';
import { WEBHOOKS } from '../support/api-document.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { NOW_MS, sampleSubscription } from '../support/samples.ts';
import { until } from '../support/until.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

type Received = { readonly headers: Record<string, string>; readonly body: string };
type Behave = (response: ServerResponse, request: IncomingMessage) => void;

/** A receiver on a socket, which notes what it gets and answers as it is told. */
async function startReceiver() {
  const received: Received[] = [];
  let behave: Behave = (response) => void response.writeHead(204).end();
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    received.push({ headers: request.headers as Record<string, string>, body });
    behave(response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    received,
    port,
    behaves: (next: Behave) => {
      behave = next;
    },
    answers: (status: number, headers: Record<string, string> = {}) => {
      behave = (response) => void response.writeHead(status, headers).end();
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

let folder: string;
let clock: FakeClock;
let store: Store;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
let transport: WebhookTransport;
let endpoints: WebhookEndpoints;
let told: BellhopEvent[];
beforeEach(async () => {
  folder = join(tmpdir(), `bellhop-webhooks-${randomUUID()}`);
  clock = createFakeClock();
  store = await openSqliteStore({ path: join(folder, 'bellhop.db'), clock });
  receiver = await startReceiver();
  const allowedHosts = [{ host: '127.0.0.1', port: receiver.port }];
  transport = createWebhookTransport({ allowedHosts, caPem: null, proxy: null, timeoutMs: 300 });
  endpoints = createWebhookEndpoints({ store, clock, random: Math.random, ...WEBHOOKS, allowedHosts });
  told = [];
});
afterEach(async () => {
  await transport.close();
  await receiver.close();
  await store.close();
  await rm(folder, { recursive: true });
});

const happen = async (count = 1): Promise<void> => {
  const times = () => ({ createdAtMs: clock.now(), updatedAtMs: clock.now() });
  for (let index = 0; index < count; index += 1) await store.subscriptions.register(sampleSubscription(times()));
};
const events = { publish: (event: BellhopEvent) => void told.push(event), subscribe: () => () => {} };
const round = async (id: string, signal = new AbortController().signal): Promise<boolean> =>
  sendRound({ store, post: transport.post, events, clock, random: () => 0.5 }, id, signal);
const make = () => endpoints.create({ url: `http://127.0.0.1:${receiver.port}/hooks?a=1`, eventTypes: null });
const list = async ({ id: endpointId }: Pick<WebhookEndpoint, 'id'>) =>
  (await store.webhooks.deliveries({ endpointId, state: null, cursor: null, limit: 100 })).items;

describe('what is sent', () => {
  it('is verified by standardwebhooks, with both secrets while one is rotated', async () => {
    const { endpoint, secret } = await make();
    await happen();
    await round(endpoint.id);
    const [{ headers, body }] = receiver.received as [Received];
    const [event] = await store.events.after(0, 1);
    const payload = { type: 'subscription.created', sequence: 1, timestamp: new Date(NOW_MS).toISOString() };
    const data = { subscription_id: expect.any(String), cause: 'registered' };
    expect(JSON.parse(body)).toEqual({ ...payload, data });
    expect(headers['webhook-id']).toBe(event!.id);
    // The library goes by the real clock, and this one stands still: only the signature is looked at.
    const verify = (one: string, got: Received) => {
      const seconds = Number(got.headers['webhook-timestamp']);
      const signature = new Webhook(one).sign(got.headers['webhook-id']!, new Date(seconds * 1000), got.body);
      return got.headers['webhook-signature']!.split(' ').includes(signature);
    };
    expect(verify(secret, { headers, body })).toBe(true);
    clock.advance(Date.now() - clock.now());
    const { secret: newer } = await endpoints.rotate(endpoint.id, HOUR_MS);
    await happen();
    await round(endpoint.id);
    const both = receiver.received[1]!;
    for (const one of [secret, newer]) new Webhook(one).verify(both.body, both.headers);
    clock.advance(HOUR_MS);
    await happen();
    await round(endpoint.id);
    expect([secret, newer].map((one) => verify(one, receiver.received[2]!))).toEqual([false, true]);
    expect(receiver.received).toHaveLength(3);
  });

  it('is of the types asked for, and of what happens after the endpoint was made', async () => {
    await happen();
    const { endpoint } = await make();
    await endpoints.change(endpoint.id, { eventTypes: ['delivery.failed'] });
    await happen();
    await round(endpoint.id);
    expect(receiver.received).toEqual([]);
    expect((await store.webhooks.get(endpoint.id))!.cursor).toBe(2);
  });
});

describe('what goes wrong', () => {
  it.each([
    [500, {}],
    [302, { Location: '/elsewhere' }],
    [404, {}],
  ])('a %s is tried again, by one probe at a time, until all is received', async (status, headers) => {
    const { endpoint } = await make();
    await happen(5);
    receiver.answers(status, headers);
    await round(endpoint.id);
    const tried = receiver.received.length;
    expect(tried).toBeLessThanOrEqual(4);
    await round(endpoint.id);
    expect(receiver.received).toHaveLength(tried);
    clock.advance(10_000);
    await round(endpoint.id);
    expect(receiver.received).toHaveLength(tried + 1);
    receiver.answers(200);
    clock.advance(HOUR_MS);
    while (await round(endpoint.id));
    clock.advance(HOUR_MS);
    while (await round(endpoint.id));
    expect(await list(endpoint)).toEqual(
      Array.from({ length: 5 }, () => expect.objectContaining({ state: 'delivered' })),
    );
    expect(await store.webhooks.get(endpoint.id)).toMatchObject({ failingSinceMs: null, failures: 0, retryAtMs: null });
  });

  it('Retry-After of a 429 is waited for', async () => {
    const { endpoint } = await make();
    await happen();
    receiver.answers(429, { 'Retry-After': '600' });
    await round(endpoint.id);
    expect(await list(endpoint)).toMatchObject([{ state: 'waiting', dueAtMs: NOW_MS + 600_000 }]);
    expect((await store.webhooks.get(endpoint.id))!.retryAtMs).toBe(NOW_MS + 600_000);
  });

  it('a 410 disables it, which is an event, and it can be enabled again', async () => {
    const { endpoint } = await make();
    await happen();
    receiver.answers(410);
    await round(endpoint.id);
    expect(told).toMatchObject([{ result: 'gone' }, { type: 'webhook.disabled', reason: 'gone' }]);
    expect(await store.events.after(1, 9)).toMatchObject([{ type: 'webhook.disabled' }]);
    await happen();
    await round(endpoint.id);
    expect(receiver.received).toHaveLength(1);
    await endpoints.change(endpoint.id, { isEnabled: true });
    receiver.answers(200);
    await happen();
    clock.advance(HOUR_MS);
    while (await round(endpoint.id));
    const sequences = receiver.received.map(({ body }) => JSON.parse(body).sequence);
    expect(sequences.sort()).toEqual([1, 1, 4]);
  });

  it('500 for five days disables it; what waited for three ended as failed', async () => {
    const { endpoint } = await make();
    receiver.answers(500);
    for (let hour = 0; hour < 5 * 24 + 2; hour += 1) {
      if (hour % 24 === 0) await happen();
      await round(endpoint.id);
      clock.advance(HOUR_MS);
    }
    expect(await store.webhooks.get(endpoint.id)).toMatchObject({ disabled: { reason: 'failing' } });
    const first = (await list(endpoint)).at(-1)!;
    expect(first).toMatchObject({ sequence: 1, state: 'failed' });
    expect(first.endedAtMs! - NOW_MS).toBeLessThanOrEqual(3 * DAY_MS + HOUR_MS);
  });

  it.each<readonly [string, Behave, string]>([
    ['closes', (response) => response.destroy(), 'reset'],
    ['is slow', () => {}, 'timeout'],
  ])('a receiver that %s is on record', async (_, behave, error) => {
    const { endpoint } = await make();
    await happen();
    receiver.behaves(behave);
    await round(endpoint.id);
    expect((await list(endpoint))[0]!.attempts).toMatchObject([{ status: null, error }]);
  });

  it('an answer without an end is cut off, and its status counts', async () => {
    const { endpoint } = await make();
    await happen();
    receiver.behaves((response) => {
      response.writeHead(200);
      const more = (): void => void (response.destroyed || response.write('x'.repeat(8192), () => setImmediate(more)));
      more();
    });
    await round(endpoint.id);
    expect(await list(endpoint)).toMatchObject([{ state: 'delivered' }]);
  });

  it('addresses that are not public are refused when they are connected to', async () => {
    for (const url of ['https://127.0.0.1:1/', 'https://[::1]/', 'https://169.254.169.254/', 'https://localhost/']) {
      const { endpoint } = await endpoints.create({ url, eventTypes: null });
      await happen();
      await round(endpoint.id);
      expect((await list(endpoint))[0]!.attempts).toMatchObject([{ status: null, error: 'address_not_public' }]);
      await endpoints.delete(endpoint.id);
    }
    for (const url of ['http://example.com/', 'ftp://example.com/', 'https://a:b@example.com/', 'https://x/#y', 'x'])
      await expect(endpoints.create({ url, eventTypes: null })).rejects.toMatchObject({ code: 'invalid_webhook_url' });
  });

  it('what a process left behind is on record as interrupted, and sent again', async () => {
    const { endpoint } = await make();
    await happen();
    const giveUp = new AbortController();
    receiver.behaves(() => giveUp.abort());
    await round(endpoint.id, giveUp.signal);
    receiver.answers(200);
    await round(endpoint.id);
    expect(await list(endpoint)).toMatchObject([
      { state: 'delivered', attempts: [{ error: 'interrupted' }, { status: 200 }] },
    ]);
  });
});

describe('several processes, replays', () => {
  it('one at a time has an endpoint', async () => {
    const { endpoint } = await make();
    await happen(10);
    await Promise.all(Array.from({ length: 5 }, () => round(endpoint.id)));
    expect(receiver.received).toHaveLength(10);
  });

  it('sends one again, or all since an instant', async () => {
    const { endpoint } = await make();
    await happen(3);
    await round(endpoint.id);
    clock.advance(HOUR_MS);
    await happen(1);
    await round(endpoint.id);
    const third = (await list(endpoint)).find(({ sequence }) => sequence === 3)!;
    await endpoints.replayOne(endpoint.id, third.id);
    while (await round(endpoint.id));
    clock.advance(1000);
    await endpoints.replaySince(endpoint.id, NOW_MS + 1000 * 60);
    while (await round(endpoint.id));
    clock.advance(1000);
    await endpoints.replaySince(endpoint.id, NOW_MS);
    while (await round(endpoint.id));
    const sequences = receiver.received.map(({ body }) => JSON.parse(body).sequence as number);
    expect(sequences.slice(0, 4).sort()).toEqual([1, 2, 3, 4]);
    expect(sequences.slice(4, 6)).toEqual([3, 4]);
    expect(sequences.slice(6).sort()).toEqual([1, 2, 3, 4]);
    expect((await store.webhooks.get(endpoint.id))!.replay).toBeNull();
  });

  it('looks by itself, and a dead endpoint holds up no other', async () => {
    const { endpoint: dead } = await make();
    await endpoints.change(dead.id, { url: `http://127.0.0.1:${receiver.port}/dead` });
    const { endpoint } = await make();
    receiver.behaves((response, { url }) => {
      if (url !== '/dead') response.writeHead(200).end();
    });
    await happen();
    const sender = createWebhookSender({ store, post: transport.post, events, clock, random: Math.random });
    await sender.start();
    await until('the other has its event', async () => (await list(endpoint))[0]?.state === 'delivered');
    expect((await list(dead))[0]?.state).toBe('sending');
    await sender.stop();
    expect((await list(dead))[0]).toMatchObject({ state: 'waiting', attempts: [{ error: 'interrupted' }] });
  });
});
