import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WaitsFor } from '../../../src/queue/job-queue.ts';
import { ReadyJobs } from '../../../src/queue/picking/ready-jobs.ts';

type Waiting = {
  readonly kind: 'deliver' | 'fan_out';
  readonly id: string;
  readonly origin: string;
  readonly userId: string;
};

const waiting = fc.record({
  kind: fc.constantFrom('deliver' as const, 'deliver' as const, 'fan_out' as const),
  id: fc.integer({ min: 0, max: 9 }).map((subscription) => `dlv_x_${subscription}`),
  origin: fc.constantFrom('a', 'b', 'b2'),
  userId: fc.constantFrom('ada', 'grace', 'mallory', ''),
});

const lineOf = (origin: string): string => origin.slice(0, 1);
const nothing = (): null => null;

describe('ready jobs', () => {
  it('gives each job once, whatever comes, waits and gives way in between', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('push' as const), job: waiting }),
      fc.record({ kind: fc.constant('take' as const), blocked: fc.constantFrom('ada', 'mallory', null) }),
      fc.record({ kind: fc.constant('give way' as const), job: waiting }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const ready = new ReadyJobs<Waiting>(lineOf);
        const model = new Set<Waiting>();
        for (const one of steps) {
          if (one.kind === 'push') {
            const job = { ...one.job };
            ready.push(job);
            model.add(job);
          } else if (one.kind === 'give way') {
            const given = ready.giveWayTo(one.job);
            if (given !== null) expect(model.delete(given)).toBe(true);
          } else {
            const waitsFor = ({ userId }: Waiting): WaitsFor | null => (userId === one.blocked ? 'user' : null);
            const may = [...model].some((job) => waitsFor(job) === null);
            expect(ready.has(waitsFor)).toBe(may);
            const taken = ready.take(waitsFor);
            expect(taken !== null).toBe(may);
            if (taken !== null) expect(model.delete(taken) && waitsFor(taken) === null).toBe(true);
          }
          expect(ready.size).toBe(model.size);
        }
        for (let left = model.size; left > 0; left -= 1) expect(model.delete(ready.take(nothing)!)).toBe(true);
        expect([ready.size, ready.take(nothing), model.size]).toEqual([0, null, 0]);
      }),
    );
  });

  it('lets users take turns, and of a user the subscriptions', () => {
    const ready = new ReadyJobs<Waiting & { readonly name: string }>(lineOf);
    const add = (name: string, userId: string, subscription: string): void =>
      ready.push({ kind: 'deliver', id: `dlv_${name}_${subscription}`, origin: 'a', userId, name });
    for (const [name, subscription] of [
      ['m1', 'x'],
      ['m2', 'x'],
      ['m3', 'y'],
      ['m4', 'x'],
    ] as const) {
      add(name, 'mallory', subscription);
    }
    add('a1', 'ada', 'z');
    add('g1', 'grace', 'z');
    const names = Array.from({ length: 6 }, () => ready.take(nothing)?.name);
    expect(names).toEqual(['m1', 'a1', 'g1', 'm3', 'm2', 'm4']);
  });

  it('asks few of the jobs that must wait: the first of a line, of a user, or of a subscription', () => {
    const ready = new ReadyJobs<Waiting>(lineOf);
    for (let user = 0; user < 1000; user += 1) {
      for (let job = 0; job < 5; job += 1) {
        ready.push({ kind: 'deliver', id: `dlv_${job}_${user}-${job % 2}`, origin: 'a', userId: `user ${user}` });
      }
    }
    const askedFor = (wait: WaitsFor): number => {
      let asked = 0;
      ready.has(() => {
        asked += 1;
        return wait;
      });
      return asked;
    };
    expect([askedFor('line'), askedFor('user'), askedFor('subscription')]).toEqual([1, 1000, 2000]);
  });
});
