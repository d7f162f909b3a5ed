import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DELIVERY_STATES } from '../../../src/domain/delivery/delivery.ts';
import { PRIORITIES } from '../../../src/domain/notification/priority.ts';
import { OUTCOMES } from '../../../src/domain/push-service/push-outcome.ts';
import { rolledUp, stretchOf } from '../../../src/domain/tally/rollup.ts';
import { countedAfter, TALLY_NAMES, talliesOf } from '../../../src/domain/tally/tally.ts';
import { TallyBook } from '../../../src/domain/tally/tally-book.ts';
import {
  NOW_MS,
  sampleAttempt,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../../support/samples.ts';

const origin = 'https://fcm.googleapis.com';
const delivery = sampleDelivery(sampleNotification(), sampleSubscription(), { origin, endedAtMs: NOW_MS });

it('begins empty, and is so again once it was taken or forgotten', () => {
  const book = new TallyBook();
  expect(book.isEmpty).toBe(true);
  book.made(delivery);
  expect(book.isEmpty).toBe(false);
  expect(book.take()).toEqual({ changes: [['open normal pending', 1]], rollups: [] });
  expect([book.isEmpty, book.take()]).toEqual([true, { changes: [], rollups: [] }]);
  book.made(delivery);
  book.forget();
  expect(book.isEmpty).toBe(true);
});

it('says nothing of what came and went', () => {
  const book = new TallyBook();
  book.moved('high', 'pending', 'sending');
  book.moved('high', 'sending', 'pending');
  book.moved('high', 'pending', 'pending');
  expect(book.take().changes).toEqual([]);
});

it('adds equal settlements of a minute up, for the minute and its hour', () => {
  const book = new TallyBook();
  const after = { ...delivery, state: 'delivered' } as const;
  for (const endedAtMs of [NOW_MS, NOW_MS + 59_999, NOW_MS + 60_000])
    book.settled({ from: 'sending', after, attempt: sampleAttempt({ endedAtMs, latencyMs: 10 }) });
  const key = { service: 'fcm', state: 'delivered', outcome: 'delivered' };
  expect(book.take()).toEqual({
    changes: [
      ['open normal sending', -3],
      ['ended delivered', 3],
    ],
    rollups: [
      { ...key, span: 'minute', atMs: NOW_MS, count: 2, latencyMs: 20 },
      { ...key, span: 'hour', atMs: NOW_MS, count: 2, latencyMs: 20 },
      { ...key, span: 'minute', atMs: NOW_MS + 60_000, count: 1, latencyMs: 10 },
      { ...key, span: 'hour', atMs: NOW_MS, count: 1, latencyMs: 10 },
    ],
  });
});

it('rolls up what ended or was tried, and nothing that was put off or replayed', () => {
  const pending = { after: { ...delivery, state: 'pending', endedAtMs: null }, attempt: null } as const;
  expect(rolledUp(pending)).toBeNull();
  const expired = { after: { ...delivery, state: 'expired' }, attempt: null } as const;
  expect(rolledUp(expired)).toEqual({
    service: 'fcm',
    state: 'expired',
    outcome: 'none',
    endedAtMs: NOW_MS,
    latencyMs: 0,
  });
  const interrupted = sampleAttempt({ outcome: 'interrupted', latencyMs: null, endedAtMs: 7 });
  expect(rolledUp({ ...pending, attempt: interrupted })).toMatchObject({ endedAtMs: 7, latencyMs: 0 });
});

it('begins stretches at whole minutes and hours', () => {
  expect(stretchOf('minute', NOW_MS + 61_234)).toBe(NOW_MS + 60_000);
  expect(stretchOf('hour', NOW_MS + 3_661_234)).toBe(NOW_MS + 3_600_000);
});

it('counts a subscription by push service while it is active, and once more while it is in quarantine', () => {
  const counted = { endpoint: `${origin}/x`, isActive: true, isQuarantined: false };
  expect(talliesOf(null)).toEqual([]);
  expect(talliesOf({ ...counted, isActive: false, isQuarantined: true })).toEqual([]);
  expect(talliesOf(counted)).toEqual(['active fcm']);
  const quarantined = countedAfter(counted, { quarantine: { sinceMs: 1, untilMs: 2 } });
  expect(talliesOf(quarantined)).toEqual(['active fcm', 'quarantined fcm']);
  const retired = { reason: 'gone', atMs: 1, deliveryId: null } as const;
  expect(talliesOf(countedAfter(quarantined, { retired, quarantine: null }))).toEqual([]);
});

it('knows the name of every move, and moves cancel out', () => {
  const state = fc.constantFrom(...DELIVERY_STATES);
  fc.assert(
    fc.property(fc.constantFrom(...PRIORITIES), fc.array(state, { minLength: 1 }), (priority, states) => {
      const book = new TallyBook();
      book.made({ priority, state: states[0]! });
      for (const [index, next] of states.slice(1).entries()) book.moved(priority, states[index]!, next);
      const { changes } = book.take();
      expect(changes.map(([, by]) => by)).toEqual([1]);
      expect(changes.every(([name]) => TALLY_NAMES.includes(name))).toBe(true);
    }),
  );
  expect(OUTCOMES).not.toContain('none');
});

it('adds up the same in whatever order settlements come', () => {
  const settlement = fc.record({
    state: fc.constantFrom('delivered', 'retrying', 'failed'),
    outcome: fc.constantFrom(...OUTCOMES, null),
    origin: fc.constantFrom('https://fcm.googleapis.com', 'https://jmt17.google.com', 'https://web.push.apple.com'),
    endedAtMs: fc.integer({ min: NOW_MS, max: NOW_MS + 200_000 }),
    latencyMs: fc.nat(100),
  });
  fc.assert(
    fc.property(fc.array(settlement, { maxLength: 40 }), (all) => {
      const book = new TallyBook();
      const expected = new Map<string, number>();
      for (const { state, outcome, origin: to, endedAtMs, latencyMs } of all) {
        const attempt = outcome === null ? null : sampleAttempt({ outcome, endedAtMs, latencyMs });
        const one = { from: 'sending', after: { ...delivery, state, origin: to, endedAtMs }, attempt } as const;
        book.settled(one);
        const added = rolledUp(one);
        if (added === null) continue;
        const key = [stretchOf('minute', added.endedAtMs), added.service, added.state, added.outcome].join(' ');
        expected.set(key, (expected.get(key) ?? 0) + 1000 * added.latencyMs + 1);
      }
      const rollups = book.take().rollups.filter(({ span }) => span === 'minute');
      const found = rollups.map((one) => [
        [one.atMs, one.service, one.state, one.outcome].join(' '),
        1000 * one.latencyMs + one.count,
      ]);
      expect(found.sort()).toEqual([...expected].sort());
    }),
  );
});
