import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideRetry, parseRetryAfter } from '../../src/domain/retry-policy.ts';

const policy = { maxRetries: 3, baseMs: 1000, maxMs: 3000 };
const facts = { retryCount: 0, nowMs: 10_000, deadlineAtMs: 1_000_000, retryAfterMs: null, jitter: 0.999 };

describe('decideRetry', () => {
  it('doubles the bound of the wait with each retry, up to the maximum', () => {
    const waits = [0, 1, 2].map((retryCount) => {
      const decision = decideRetry(policy, { ...facts, retryCount });
      return decision.kind === 'retry' ? decision.atMs - facts.nowMs : decision.kind;
    });
    expect(waits).toEqual([999, 1998, 2997]);
  });

  it('draws the wait from the whole range: full jitter', () => {
    expect(decideRetry(policy, { ...facts, jitter: 0 })).toEqual({ kind: 'retry', atMs: facts.nowMs });
  });

  it('ends when the retries are spent', () => {
    expect(decideRetry(policy, { ...facts, retryCount: 3 })).toEqual({ kind: 'exhausted' });
  });

  it('waits at least as long as Retry-After says, even past the maximum', () => {
    fc.assert(
      fc.property(
        fc.nat(900_000),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (retryAfterMs, jitter) => {
          const decision = decideRetry(policy, { ...facts, retryAfterMs, jitter });
          expect(decision.kind === 'retry' && decision.atMs).toBeGreaterThanOrEqual(facts.nowMs + retryAfterMs);
        },
      ),
    );
  });

  it('names a retry that would fall on the deadline as past it', () => {
    const late = { ...facts, retryAfterMs: 5000, jitter: 0, deadlineAtMs: facts.nowMs + 5000 };
    expect(decideRetry(policy, late)).toEqual({ kind: 'past_deadline' });
    expect(decideRetry(policy, { ...late, deadlineAtMs: late.deadlineAtMs + 1 }).kind).toBe('retry');
  });
});

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const two = (value: number): string => String(value).padStart(2, '0');

describe('parseRetryAfter', () => {
  const nowMs = Date.UTC(2026, 0, 1, 0, 0, 0);

  it.each([
    ['120', 120_000],
    [' 7 ', 7000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
    ['Thursday, 01-Jan-26 00:00:30 GMT', 30_000],
    ['Thu Jan  1 00:00:10 2026', 10_000],
  ])('%s is a wait of %d ms', (header, waitMs) => {
    expect(parseRetryAfter(header, nowMs)).toBe(waitMs);
  });

  it.each([
    null,
    '',
    '0',
    '-5',
    '1.5',
    'soon',
    '1e3',
    'Wed, 31 Dec 2025 23:59:59 GMT',
    'Thu, 99 Foo 2026',
    '9999999999999',
  ])('%s asks for no wait', (header) => {
    expect(parseRetryAfter(header, nowMs)).toBeNull();
  });

  it('is total: any text gives null or a positive finite number', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const waitMs = parseRetryAfter(text, nowMs);
        expect(waitMs === null || (Number.isFinite(waitMs) && waitMs > 0)).toBe(true);
      }),
    );
  });

  it('reads every date it could have been sent, in all three forms, and never as the past', () => {
    const seconds = fc.integer({ min: 1, max: 86_400 * 365 });
    const forms: readonly ((date: Date) => string)[] = [
      (date) => date.toUTCString(),
      (date) => {
        const [day, month, year, time] = [
          date.getUTCDate(),
          date.getUTCMonth(),
          date.getUTCFullYear(),
          date.toISOString(),
        ];
        return `${DAYS[date.getUTCDay()]}, ${two(day)}-${MONTHS[month]}-${two(year % 100)} ${time.slice(11, 19)} GMT`;
      },
      (date) => {
        const [day, time] = [String(date.getUTCDate()).padStart(2), date.toISOString().slice(11, 19)];
        return `${DAYS[date.getUTCDay()]?.slice(0, 3)} ${MONTHS[date.getUTCMonth()]} ${day} ${time} ${date.getUTCFullYear()}`;
      },
    ];
    fc.assert(
      fc.property(seconds, fc.constantFrom(...forms), (ahead, form) => {
        expect(parseRetryAfter(form(new Date(nowMs + ahead * 1000)), nowMs)).toBe(ahead * 1000);
        expect(parseRetryAfter(form(new Date(nowMs - ahead * 1000)), nowMs)).toBeNull();
      }),
    );
  });

  it('is total for what looks like a date, too', () => {
    const piece = fc.constantFrom(
      'Thu',
      ', ',
      '01',
      ' Jan ',
      '2026',
      ' 00:00:10',
      ' GMT',
      '-',
      '99',
      'Foo',
      '+0200',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), fc.integer(), (pieces, now) => {
        const waitMs = parseRetryAfter(pieces.join(''), now);
        expect(waitMs === null || (Number.isFinite(waitMs) && waitMs > 0)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});
