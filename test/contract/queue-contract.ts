import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Job } from '../../src/queue/job-queue.ts';
import { queueFairnessContract } from './queue-fairness-contract.ts';
import { collect, jobFor, openable, type QueueUnderTest } from './queue-fixture.ts';
import { queueLimitsContract } from './queue-limits-contract.ts';

/** What every JobQueue must do, whatever carries the jobs. */
export function queueContract(name: string, open: () => Promise<QueueUnderTest>): void {
  describe(`${name} keeps the job queue's contract`, () => {
    let under: QueueUnderTest;
    beforeEach(async () => {
      under = await open();
    });
    afterEach(() => under.dispose());

    const job = (id: string, overrides: Partial<Job> = {}): Job => jobFor(under.clock, id, overrides);

    describe('limits', () => queueLimitsContract(() => under));
    describe('fairness', () => queueFairnessContract(() => under));

    it('hands a job over as it was given', async () => {
      const given = job('dlv_1', { kind: 'fan_out', step: 7, priority: 'high' });
      const seen = collect(1);
      await under.queue.start(seen.handler, { concurrency: 1 });
      await under.queue.enqueueMany([given]);
      expect(await seen.all).toEqual([given]);
    });

    it('keeps jobs that come before it starts', async () => {
      const seen = collect(2);
      await under.queue.enqueueMany([job('a'), job('b')]);
      await under.queue.start(seen.handler, { concurrency: 5 });
      expect((await seen.all).map(({ id }) => id).sort()).toEqual(['a', 'b']);
    });

    it('adds a job that already waits only once, and again after it has run', async () => {
      const seen = collect(3);
      await under.queue.enqueueMany([job('a'), job('a'), job('a', { step: 2 })]);
      await under.queue.enqueueMany([job('a')]);
      await under.queue.start(seen.handler, { concurrency: 1 });
      await seen.reached(2);
      await under.queue.enqueueMany([job('a')]);
      expect((await seen.all).map(({ step }) => step).sort()).toEqual([1, 1, 2]);
    });

    it('runs no job before its time, and runs it then', async () => {
      const seen = collect(2);
      await under.queue.start(seen.handler, { concurrency: 5 });
      await under.queue.enqueueMany([job('later', { runAtMs: under.clock.now() + 5000 }), job('now')]);
      await seen.reached(1);
      expect(seen.jobs.map(({ id }) => id)).toEqual(['now']);
      await under.pass(5000);
      expect((await seen.all).map(({ id }) => id)).toEqual(['now', 'later']);
    });

    it('takes the very job that runs, for later', async () => {
      const seen = collect(2);
      let isFirst = true;
      const handler = async (one: Job): Promise<void> => {
        if (isFirst) await under.queue.enqueueMany([{ ...one, runAtMs: under.clock.now() + 500 }]);
        isFirst = false;
        await seen.handler(one);
      };
      await under.queue.start(handler, { concurrency: 2 });
      await under.queue.enqueueMany([job('a')]);
      await seen.reached(1);
      await under.pass(500);
      expect((await seen.all).map(({ id }) => id)).toEqual(['a', 'a']);
    });

    it('takes the very job that runs, for a time that has just passed', async () => {
      const seen = collect(2);
      let isFirst = true;
      const handler = async (one: Job): Promise<void> => {
        const isAgain = !isFirst;
        isFirst = false;
        if (!isAgain) await under.queue.enqueueMany([{ ...one, runAtMs: under.clock.now() }]);
        await seen.handler(one);
      };
      await under.queue.start(handler, { concurrency: 2 });
      await under.queue.enqueueMany([job('a')]);
      expect((await seen.all).map(({ id }) => id)).toEqual(['a', 'a']);
    });

    it('leaves what must wait where it is, runs the rest, and asks again when a job has ended', async () => {
      let isBusy = true;
      const seen = collect(9);
      const [busy, free] = ['https://busy.example', 'https://free.example'];
      const handler = async (one: Job): Promise<void> => {
        if (one.id === 'free 2') isBusy = false;
        await seen.handler(one);
      };
      const waiting = [0, 1, 2, 3, 4, 5].map((index) => job(`busy ${index}`, { origin: busy, priority: 'high' }));
      await under.queue.enqueueMany([...waiting, ...[0, 1, 2].map((index) => job(`free ${index}`, { origin: free }))]);
      await under.queue.start(handler, {
        concurrency: 2,
        waitsFor: ({ origin }) => (isBusy && origin === busy ? 'line' : null),
      });
      const ids = (await seen.all).map(({ id }) => id);
      expect(ids.slice(0, 2).toSorted()).toEqual(['free 0', 'free 1']);
      expect(ids.filter((id) => id.startsWith('busy')).toSorted()).toEqual(waiting.map(({ id }) => id));
    });

    it('tells how many wait of each priority: what could run now, and nothing else', async () => {
      const depths = () =>
        Promise.all((['high', 'normal', 'low'] as const).map((priority) => under.queue.depthOf(priority)));
      expect(await depths()).toEqual([0, 0, 0]);
      const seen = collect(4);
      const gate = openable();
      const later = job('later', { runAtMs: under.clock.now() + 60_000 });
      await under.queue.enqueueMany([job('a'), job('b'), job('c'), later, job('d', { priority: 'high' })]);
      expect(await depths()).toEqual([1, 3, 0]);
      const handler = async (one: Job): Promise<void> => {
        await seen.handler(one);
        await gate.opened;
      };
      await under.queue.start(handler, { concurrency: 4 });
      await seen.all;
      expect(await depths()).toEqual([0, 0, 0]);
      gate.open();
    });

    it('a handler that rejects harms no other job', async () => {
      const seen = collect(2);
      const handler = async (one: Job): Promise<void> => {
        await seen.handler(one);
        if (one.id === 'bad') throw new Error('unexpected');
      };
      await under.queue.start(handler, { concurrency: 1 });
      await under.queue.enqueueMany([job('bad'), job('good')]);
      expect((await seen.all).map(({ id }) => id).sort()).toEqual(['bad', 'good']);
    });

    it('stop waits for what runs, and hands out nothing more', async () => {
      const gate = openable();
      const started: string[] = [];
      let ended = 0;
      const first = openable();
      const handler = async (one: Job): Promise<void> => {
        started.push(one.id);
        first.open();
        await gate.opened;
        ended += 1;
      };
      await under.queue.start(handler, { concurrency: 1 });
      await under.queue.enqueueMany([job('a'), job('b')]);
      await first.opened;
      const stopped = under.queue.stop();
      gate.open();
      await stopped;
      expect(ended).toBe(1);
      await under.pass(10);
      expect(started).toHaveLength(1);
    });

    it('stop before start, stop twice and close twice are harmless', async () => {
      await under.queue.stop();
      await under.queue.start(async () => {}, { concurrency: 1 });
      await under.queue.stop();
      await under.queue.stop();
      await under.queue.close();
      await under.queue.close();
    });

    it('answers a ping while it can take jobs', async () => {
      await expect(under.queue.ping()).resolves.toBeUndefined();
    });
  });
}

/** Gathers jobs; `all` resolves with them once `count` have come. */
