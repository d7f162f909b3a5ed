import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Api, startApi } from '../../support/api.ts';
import { NOW_MS } from '../../support/samples.ts';

const closed = {
  origin: 'https://push.example.net',
  service: 'other',
  standing: 'closed',
  untilMs: NOW_MS + 9,
  inFlight: 2,
} as const;

let api: Api;
beforeEach(async () => {
  api = await startApi({ lanes: [closed] });
});
afterEach(() => api.dispose());

const overview = async () => (await api.call('GET', '/v1/overview')).body;
const NOUGHT = { delivered: 0, pruned: 0, failed: 0, expired: 0, cancelled: 0 };

it('tells what is kept, what came of it, what waits, and how the push services stand', async () => {
  const subscription = await api.register('ada');
  const sent = await api.notify(['ada']);
  await api.deliver(sent.id, subscription, 'delivered');
  const other = await api.notify(['ada'], { priority: 'high' });
  await api.deliver(other.id, subscription);
  const body = await overview();
  expect(body).toMatchObject({ at: new Date(NOW_MS).toISOString(), is_counted: true });
  expect(body.ended).toEqual({ ...NOUGHT, delivered: 1 });
  for (const period of ['hour', 'day', 'week'])
    expect(body.settled[period]).toEqual({ ...NOUGHT, retrying: 0, delivered: 1 });
  const nobody = { pending: 0, held: 0, sending: 0, retrying: 0, oldest_due_at: null };
  expect(body.waiting).toEqual([
    { ...nobody, priority: 'high', pending: 1, oldest_due_at: new Date(NOW_MS).toISOString() },
    { ...nobody, priority: 'normal' },
    { ...nobody, priority: 'low' },
  ]);
  const names = body.push_services.map((one: { push_service: string }) => one.push_service);
  expect(names).toEqual(['fcm', 'mozilla', 'apple', 'wns', 'other']);
  expect(body.push_services[4]).toMatchObject({
    lane: 'closed',
    until: new Date(NOW_MS + 9).toISOString(),
    in_flight: 2,
    active_subscriptions: 1,
    quarantined_subscriptions: 0,
  });
  expect(body.push_services[4].attempts_per_second).toBeGreaterThan(0);
});

it('says what needs a person', async () => {
  const subscription = await api.register('ada');
  const sent = await api.notify(['ada']);
  await api.deliver(sent.id, subscription, 'failed');
  await api.call('POST', '/v1/sending/pause');
  const kinds = async () => (await overview()).attention.map(({ kind }: { kind: string }) => kind);
  expect(await kinds()).toEqual(['sending_paused', 'lane_closed', 'dead_letters']);
  api.clock.advance(86_400_000);
  expect(await kinds()).toEqual(['sending_paused', 'lane_closed', 'dead_letters', 'no_backup']);
  await api.call('POST', '/v1/backups', { json: { destination: 'folder' } });
  expect(await kinds()).toEqual(['sending_paused', 'lane_closed', 'dead_letters']);
});

it('lists what came of deliveries over time', async () => {
  const subscription = await api.register('ada');
  for (const state of ['delivered', 'failed'] as const) {
    const { id } = await api.notify(['ada'], { title: state });
    await api.deliver(id, subscription, state);
  }
  api.clock.advance(120_000);
  const list = async (query: string) => (await api.call('GET', `/v1/overview/deliveries${query}`)).body.items;
  const minutes = await list('');
  expect(minutes).toEqual(await list('?period=hour'));
  expect(minutes).toHaveLength(1);
  expect(minutes[0]).toMatchObject({
    push_service: 'other',
    delivered: 1,
    failed: 1,
    attempts: 2,
    mean_latency_ms: 40,
  });
  const [hour] = await list('?period=week');
  expect(hour).toMatchObject({ at: new Date(NOW_MS).toISOString(), delivered: 1, failed: 1, attempts: 2 });
  expect(await api.call('GET', '/v1/overview/deliveries?period=year')).toMatchObject({ status: 400 });
});

it('is read with the scope read, and by no page', async () => {
  const secret = 'secret-that-sends-only';
  for (const path of ['/v1/overview', '/v1/overview/deliveries'])
    expect((await api.call('GET', path, { secret, keyId: 'sends-only' })).status).toBe(403);
});
