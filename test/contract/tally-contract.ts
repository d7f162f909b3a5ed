import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Delivery } from '../../src/domain/delivery/delivery.ts';
import type { Settlement } from '../../src/domain/delivery/settlement.ts';
import type { PushService } from '../../src/domain/push-service/push-service.ts';
import { ROLLUPS_KEPT_MS, type Rollup } from '../../src/domain/tally/rollup.ts';
import type { Tallies } from '../../src/domain/tally/tally.ts';
import type { Store } from '../../src/store/store.ts';
import { endingAs, goneChange, NOW_MS, sampleAttempt, sampleSubscription } from '../support/samples.ts';
import { claimed, claimOf, fannedOut, freshStore, leaseIn, type OpenStore } from './fresh-store.ts';

const ENDPOINTS: Readonly<Record<PushService, string>> = {
  fcm: 'https://fcm.googleapis.com/fcm/send',
  mozilla: 'https://updates.push.services.mozilla.com/wpush',
  apple: 'https://web.push.apple.com',
  wns: 'https://db5p.notify.windows.com/w',
  other: 'https://push.example.net:8443/send',
};

const at = (service: PushService, overrides: Parameters<typeof sampleSubscription>[0] = {}) =>
  sampleSubscription({ endpoint: `${ENDPOINTS[service]}/${Math.random()}`, ...overrides });

/** What is not nought. */
async function talliesOf(store: Store): Promise<Partial<Tallies>> {
  const { tallies, isCounted } = await store.tallies.read();
  expect(isCounted).toBe(true);
  return Object.fromEntries(Object.entries(tallies).filter(([, count]) => count !== 0));
}

function deliveriesIn(tallies: Partial<Tallies>): Partial<Tallies> {
  return Object.fromEntries(Object.entries(tallies).filter(([name]) => !/^(active|quarantined) /.test(name)));
}

/** Counts that change with what they count. That they equal the rows is asked after each test of each suite (`freshStore`). */
export function tallyContract(open: OpenStore): void {
  const fresh = freshStore(open);

  it('counts nothing where there is nothing', async () => {
    expect(await talliesOf(fresh.store)).toEqual({});
    expect(await fresh.store.tallies.isRecountDue(NOW_MS)).toBe(false);
    expect(await fresh.store.tallies.oldestDue(NOW_MS)).toEqual({ high: null, normal: null, low: null });
  });

  it('follows deliveries through their life', async () => {
    const { store } = fresh;
    const { deliveries } = await fannedOut(store, 3, { delivery: { priority: 'high' } });
    const [one, two] = deliveries as [Delivery, Delivery, Delivery];
    const counts = async () => deliveriesIn(await talliesOf(store));
    expect(await counts()).toEqual({ 'open high pending': 3 });
    const lease = await claimed(store, one.id);
    expect(await counts()).toEqual({ 'open high pending': 2, 'open high sending': 1 });
    expect(await store.deliveries.claimMany([claimOf(one.id)])).toEqual([null]);
    await store.deliveries.postponeMany([{ deliveryId: two.id, attempt: 1, untilMs: NOW_MS + 5 }]);
    expect(await counts()).toEqual({ 'open high pending': 2, 'open high sending': 1 });
    const failing = endingAs('failed', lease);
    expect(await store.deliveries.settleMany([failing, endingAs('delivered', lease)])).toEqual([true, false]);
    expect(await counts()).toEqual({ 'open high pending': 2, 'ended failed': 1 });
    const dead = (await store.deliveries.get(one.id))!;
    const after: Delivery = { ...dead, state: 'pending', dueAtMs: NOW_MS, endedAtMs: null, reason: null };
    const replay: Settlement = { version: dead.version, from: 'failed', after, change: null, attempt: null };
    await store.deliveries.settleMany([replay]);
    expect(await counts()).toEqual({ 'open high pending': 3 });
    expect(deliveriesIn(await talliesOf(await fresh.reopen()))).toEqual({ 'open high pending': 3 });
  });

  it('counts a delivery that exists already once', async () => {
    const { store } = fresh;
    const { notification, deliveries } = await fannedOut(store, 2);
    await store.deliveries.settleMany([endingAs('delivered', await claimed(store, deliveries[0]!.id))]);
    expect(deliveriesIn(await talliesOf(store))).toEqual({ 'open normal pending': 1, 'ended delivered': 1 });
    expect(await store.fanOuts.get(notification.id)).toBeNull();
  });

  it('counts what is forgotten no more', async () => {
    const { store } = fresh;
    const { deliveries } = await fannedOut(store, 3);
    const ends = ['delivered', 'failed', 'expired'] as const;
    for (const [index, state] of ends.entries())
      await store.deliveries.settleMany([endingAs(state, await claimed(store, deliveries[index]!.id))]);
    expect(deliveriesIn(await talliesOf(store))).toEqual({
      'ended delivered': 1,
      'ended failed': 1,
      'ended expired': 1,
    });
    expect(await store.retention.forget(9e15, 5)).toBe(1);
    expect(deliveriesIn(await talliesOf(store))).toEqual({});
  });

  it('follows subscriptions by push service', async () => {
    const { store } = fresh;
    const all = (Object.keys(ENDPOINTS) as PushService[]).map((service) => at(service, { userId: service }));
    for (const one of all) await store.subscriptions.register(one);
    const [fcm, mozilla, apple, wns, other] = all as [(typeof all)[0], ...typeof all];
    expect(await talliesOf(store)).toEqual({
      'active fcm': 1,
      'active mozilla': 1,
      'active apple': 1,
      'active wns': 1,
      'active other': 1,
    });
    const quarantine = { sinceMs: NOW_MS, untilMs: NOW_MS + 1 };
    const since = { notUpdatedSinceMs: 9e15 };
    const quarantined = (untilMs: number) =>
      ({ kind: 'quarantine', quarantine: { ...quarantine, untilMs }, subscriptionId: mozilla!.id, ...since }) as const;
    await store.subscriptions.change([goneChange(fcm.id), goneChange('sub_nobody'), quarantined(1), quarantined(2)]);
    await store.subscriptions.change([goneChange(fcm.id), { ...goneChange(apple!.id), notUpdatedSinceMs: 0 }]);
    await store.subscriptions.register({ ...wns!, userAgent: 'another' });
    await store.subscriptions.deleteOfUser('other', 5);
    await store.subscriptions.deleteOfEndpoint(other!.endpointHash, null);
    expect(await talliesOf(store)).toEqual({
      'active mozilla': 1,
      'quarantined mozilla': 1,
      'active apple': 1,
      'active wns': 1,
    });
    await store.subscriptions.restore(fcm.id, NOW_MS);
    await store.subscriptions.delete(mozilla!.id);
    await store.subscriptions.change([{ kind: 'clear', subscriptionId: apple!.id, ...since }]);
    expect(await talliesOf(store)).toEqual({ 'active fcm': 1, 'active apple': 1, 'active wns': 1 });
  });

  it('follows a browser that moves to another user or endpoint, crowds others out, or is imported', async () => {
    const { store } = fresh;
    const first = at('fcm');
    await store.subscriptions.register(first);
    await store.subscriptions.register({
      ...at('fcm'),
      endpoint: first.endpoint,
      endpointHash: first.endpointHash,
      keys: first.keys,
      userId: 'user-2',
    });
    expect(await talliesOf(store)).toEqual({ 'active fcm': 1 });
    const former = at('fcm', { userId: 'user-3' });
    await store.subscriptions.register(former);
    const options = { isVapidKeyGiven: true, formerId: former.id };
    await store.subscriptions.register(at('mozilla', { userId: 'user-3' }), options);
    expect(await talliesOf(store)).toEqual({ 'active fcm': 1, 'active mozilla': 1 });
    for (let count = 0; count < 4; count++)
      await store.subscriptions.register(at('apple', { userId: 'many' }), { isVapidKeyGiven: true, maxActive: 2 });
    expect(await talliesOf(store)).toMatchObject({ 'active apple': 2 });
    const imported = { draft: at('wns'), writtenAtMs: null };
    for (const isDryRun of [true, false, false]) await store.subscriptions.importMany([imported], { isDryRun });
    expect(await talliesOf(store)).toMatchObject({ 'active wns': 1 });
  });

  it('knows the most overdue of each priority, of those that are due', async () => {
    const { store } = fresh;
    const due = async (priority: Delivery['priority'], dueAtMs: number) => {
      const { deliveries } = await fannedOut(store, 1, { delivery: { priority, dueAtMs } });
      return deliveries[0]!;
    };
    await due('high', NOW_MS - 5);
    await due('high', NOW_MS - 7);
    await due('low', NOW_MS + 1);
    expect(await store.tallies.oldestDue(NOW_MS)).toEqual({ high: NOW_MS - 7, normal: null, low: null });
    expect(await store.tallies.oldestDue(NOW_MS + 1)).toMatchObject({ low: NOW_MS + 1 });
  });

  it('adds settlements up by minute and hour, service, state and outcome', async () => {
    const { store } = fresh;
    const { deliveries } = await fannedOut(store, 4, { delivery: { origin: 'https://fcm.googleapis.com' } });
    const settle = async (index: number, overrides: Partial<Settlement>) => {
      const settlement = endingAs('delivered', await claimed(store, deliveries[index]!.id));
      await store.deliveries.settleMany([{ ...settlement, ...overrides }]);
      return settlement;
    };
    const attempt = sampleAttempt({ endedAtMs: NOW_MS + 61_000, latencyMs: 20 });
    await settle(0, { attempt: sampleAttempt({ endedAtMs: NOW_MS + 59_999, latencyMs: 30 }) });
    await settle(1, { attempt });
    const { after } = await settle(2, { attempt });
    const dueAtMs = NOW_MS;
    await settle(3, {
      after: { ...deliveries[3]!, state: 'retrying', dueAtMs, attemptCount: 1 },
      attempt: sampleAttempt({ outcome: 'throttled', endedAtMs: NOW_MS + 3_600_000, latencyMs: 7 }),
    });
    const superseded = { ...deliveries[3]!, state: 'cancelled', dueAtMs: null, endedAtMs: NOW_MS } as const;
    const { version } = (await store.deliveries.get(superseded.id))!;
    const ending: Settlement = { version, from: 'retrying', after: superseded, change: null, attempt: null };
    expect(await store.deliveries.settleMany([ending])).toEqual([true]);
    expect(after.state).toBe('delivered');
    const delivered = { service: 'fcm', state: 'delivered', outcome: 'delivered' } as const;
    const cancelled = { service: 'fcm', state: 'cancelled', outcome: 'none', count: 1, latencyMs: 0 } as const;
    const retried = { service: 'fcm', state: 'retrying', outcome: 'throttled', count: 1, latencyMs: 7 } as const;
    const sorted = (rollups: readonly Rollup[]) =>
      rollups.toSorted((one, two) => one.atMs - two.atMs || one.state.localeCompare(two.state));
    const asked = { fromMs: NOW_MS, untilMs: NOW_MS + 7_200_000 };
    const minutes = [
      { ...cancelled, atMs: NOW_MS },
      { ...delivered, atMs: NOW_MS, count: 1, latencyMs: 30 },
      { ...delivered, atMs: NOW_MS + 60_000, count: 2, latencyMs: 40 },
      { ...retried, atMs: NOW_MS + 3_600_000 },
    ];
    expect(sorted(await store.tallies.rollups({ span: 'minute', ...asked }))).toEqual(minutes);
    const hours = [
      { ...cancelled, atMs: NOW_MS },
      { ...delivered, atMs: NOW_MS, count: 3, latencyMs: 70 },
      { ...retried, atMs: NOW_MS + 3_600_000 },
    ];
    expect(sorted(await store.tallies.rollups({ span: 'hour', ...asked }))).toEqual(hours);
    const states = (await store.tallies.settled({ span: 'hour', ...asked })).toSorted((one, two) =>
      one.state.localeCompare(two.state),
    );
    expect(states.map(({ state, count }) => [state, count])).toEqual([
      ['cancelled', 1],
      ['delivered', 3],
      ['retrying', 1],
    ]);
    const some = { span: 'minute', fromMs: NOW_MS + 1, untilMs: NOW_MS + 3_600_000 } as const;
    expect(await store.tallies.rollups(some)).toEqual([minutes[2]]);
    const reopened = await fresh.reopen();
    expect(sorted(await reopened.tallies.rollups({ span: 'minute', ...asked }))).toEqual(minutes);
    await reopened.retention.sweep(NOW_MS + ROLLUPS_KEPT_MS.minute + 60_000);
    const left = await reopened.tallies.rollups({ span: 'minute', ...asked });
    expect(left.map(({ atMs }) => atMs)).toEqual([NOW_MS + 60_000, NOW_MS + 3_600_000]);
    expect(await reopened.tallies.rollups({ span: 'hour', ...asked })).toHaveLength(3);
  });

  it('equals the rows after whatever is done, in whatever order', async () => {
    const step = fc.record({
      what: fc.constantFrom('claim', 'deliver', 'fail', 'retry', 'hold', 'replay', 'late', 'forget', 'gone', 'delete'),
      index: fc.nat({ max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const { store } = fresh;
        const { deliveries } = await fannedOut(store, 4);
        for (const { what, index } of steps) await doStep(store, deliveries[index]!, what);
        expect(await store.tallies.recount(NOW_MS)).toEqual([]);
      }),
      { numRuns: 8 },
    );
  });
}

async function doStep(store: Store, { id, subscriptionId }: Delivery, what: string): Promise<void> {
  const row = await store.deliveries.get(id);
  if (what === 'forget') await store.retention.forget(9e15, 5);
  if (what === 'gone') await store.subscriptions.change([goneChange(subscriptionId)]);
  if (what === 'delete') await store.subscriptions.delete(subscriptionId);
  if (row === null) return;
  if (what === 'claim') leaseIn((await store.deliveries.claimMany([claimOf(id, row.attemptCount + 1)]))[0] ?? null);
  const endings: Readonly<Record<string, Delivery['state']>> = {
    deliver: 'delivered',
    fail: 'failed',
    retry: 'retrying',
    hold: 'held',
    late: 'delivered',
    replay: 'pending',
  };
  const state = endings[what] ?? null;
  const isApt = what === 'replay' ? row.state === 'failed' : row.state === 'sending' || what === 'late';
  if (state === null || !isApt) return;
  const isOpen = state === 'pending' || state === 'retrying' || state === 'held';
  const after: Delivery = { ...row, state, dueAtMs: isOpen ? NOW_MS : null, endedAtMs: isOpen ? null : NOW_MS };
  const version = what === 'late' ? row.version - 1 : row.version;
  await store.deliveries.settleMany([{ version, from: row.state, after, change: null, attempt: null }]);
}
