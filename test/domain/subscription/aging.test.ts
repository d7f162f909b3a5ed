import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AGING_BANDS, createAgingCount, STALE_AFTER_DAYS } from '../../../src/domain/subscription/aging.ts';
import { NOW_MS } from '../../support/samples.ts';

const DAY_MS = 86_400_000;
const FCM = 'https://fcm.googleapis.com/fcm/send/x';
const countOf = (updatedAtMs: number, expirationAtMs: number | null = null) => {
  const count = createAgingCount(NOW_MS);
  count.add({ endpoint: FCM, updatedAtMs, expirationAtMs });
  const { fcm } = count.forecast().services;
  return AGING_BANDS.find((band) => fcm[band] === 1);
};

it.each([
  [STALE_AFTER_DAYS + 1, 'overdue'],
  [STALE_AFTER_DAYS, 'overdue'],
  [STALE_AFTER_DAYS - 30, 'within_30_days'],
  [STALE_AFTER_DAYS - 31, 'within_90_days'],
  [STALE_AFTER_DAYS - 91, 'within_180_days'],
  [STALE_AFTER_DAYS - 181, 'later'],
  [0, 'later'],
])('one that registered %i days ago goes stale: %s', (days, band) => {
  expect(countOf(NOW_MS - days * DAY_MS)).toBe(band);
});

it('goes by the end that a subscription names, where that is earlier', () => {
  expect(countOf(NOW_MS, NOW_MS + DAY_MS)).toBe('within_30_days');
  expect(countOf(NOW_MS, NOW_MS + 1000 * DAY_MS)).toBe('later');
});

it('counts each once, whatever it is', () => {
  const one = fc.record({
    endpoint: fc.constantFrom(FCM, 'https://web.push.apple.com/x', 'https://push.example.net/x'),
    updatedAtMs: fc.integer({ min: 0, max: NOW_MS * 2 }),
    expirationAtMs: fc.option(fc.integer({ min: 0, max: NOW_MS * 2 })),
  });
  fc.assert(
    fc.property(fc.array(one), (all) => {
      const count = createAgingCount(NOW_MS);
      for (const each of all) count.add(each);
      const services = Object.values(count.forecast().services);
      const sum = services.flatMap((bands) => Object.values(bands)).reduce((before, found) => before + found, 0);
      expect(sum).toBe(all.length);
    }),
    { numRuns: 50 },
  );
});
