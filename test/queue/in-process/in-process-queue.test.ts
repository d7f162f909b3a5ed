import { describe, expect, it } from 'vitest';
import { createInProcessQueue } from '../../../src/queue/in-process/in-process-queue.ts';
import type { Job } from '../../../src/queue/job-queue.ts';
import { queueContract } from '../../contract/queue-contract.ts';
import { jobFor } from '../../contract/queue-fixture.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { NOW_MS } from '../../support/samples.ts';
import { until } from '../../support/until.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

queueContract('the in-process queue', async () => {
  const clock = createFakeClock(NOW_MS);
  const queue = createInProcessQueue({ clock });
  return {
    queue,
    clock,
    mostBefore: 1,
    async pass(ms) {
      clock.advance(ms);
      await turn();
    },
    dispose: () => queue.close(),
  };
});

describe('the in-process queue, full', () => {
  const job = (id: number, overrides: Partial<Job> = {}): Job => jobFor(createFakeClock(0), `d${id}`, overrides);

  it('drops what it has no room for, and tells of room when half of it is gone', async () => {
    const queue = createInProcessQueue({ clock: createFakeClock(NOW_MS), capacityPerLine: 4 });
    const ran: string[] = [];
    const roomFor: string[] = [];
    let toldAfter = -1;
    queue.onRoom((priority) => {
      roomFor.push(priority);
      toldAfter = ran.length;
    });
    await queue.enqueueMany(Array.from({ length: 6 }, (_, id) => job(id)));
    await queue.start(async ({ id }) => void ran.push(id), { concurrency: 1 });
    await until('all that it had room for have run', () => ran.length === 4);
    await turn();
    expect(ran).toEqual(['d0', 'd1', 'd2', 'd3']);
    expect(roomFor).toEqual(['normal']);
    expect(toldAfter).toBeGreaterThanOrEqual(0);
    expect(toldAfter).toBeLessThanOrEqual(2);
  });

  it('drops fan-outs that it has no room for, too, and tells of room', async () => {
    const queue = createInProcessQueue({ clock: createFakeClock(NOW_MS), capacityPerLine: 4 });
    const ran: string[] = [];
    const roomFor: string[] = [];
    queue.onRoom((priority) => roomFor.push(priority));
    await queue.enqueueMany(Array.from({ length: 6 }, (_, id) => job(id, { kind: 'fan_out' })));
    await queue.enqueueMany([job(10), job(11)]);
    expect(await queue.depthOf('normal')).toBe(6);
    await queue.start(async ({ id }) => void ran.push(id), { concurrency: 1 });
    await until('all that it had room for have run', () => ran.length === 6);
    expect(ran.toSorted()).toEqual(['d0', 'd1', 'd10', 'd11', 'd2', 'd3']);
    expect(roomFor).toEqual(['normal']);
  });

  it('has the newest of the user with the most give way to another’s, and tells of room', async () => {
    const queue = createInProcessQueue({ clock: createFakeClock(NOW_MS), capacityPerLine: 4 });
    const ran: string[] = [];
    const roomFor: string[] = [];
    queue.onRoom((priority) => roomFor.push(priority));
    const of = (userId: string, ids: readonly number[]) => ids.map((id) => job(id, { userId }));
    await queue.enqueueMany([...of('mallory', [1, 2, 3, 4]), ...of('ada', [11, 12, 13])]);
    expect(await queue.depthOf('normal')).toBe(4);
    // What gave way may come again.
    await queue.start(async ({ id }) => void ran.push(id), { concurrency: 1 });
    await until('all that had room have run', () => ran.length === 4);
    expect(ran).toEqual(['d1', 'd11', 'd2', 'd12']);
    await until('the listener is told', () => roomFor.length === 1);
    await queue.enqueueMany(of('mallory', [4]));
    await until('it runs', () => ran.at(-1) === 'd4');
    await queue.close();
  });

  it('counts the origins of one push service as one line', async () => {
    const lineOf = (origin: string): string => (origin.endsWith('.windows.example') ? 'windows' : origin);
    const queue = createInProcessQueue({ clock: createFakeClock(NOW_MS), capacityPerLine: 10, lineOf });
    const ran: string[] = [];
    const madeUp = Array.from({ length: 30 }, (_, id) =>
      job(id, { userId: 'm', origin: `https://${id}.windows.example` }),
    );
    const others = [100, 101].map((id) => job(id, { userId: 'ada', origin: 'https://push.example' }));
    const beside = job(200, { userId: 'grace', origin: 'https://real.windows.example' });
    await queue.enqueueMany([...madeUp, ...others, beside]);
    expect(await queue.depthOf('normal')).toBe(12);
    await queue.start(async ({ id }) => void ran.push(id), { concurrency: 1 });
    await until('all have run', () => ran.length === 12);
    expect(ran.slice(0, 5)).toEqual(['d0', 'd100', 'd200', 'd101', 'd1']);
    await queue.close();
  });

  it('is not made full by jobs of another priority, nor by jobs that are not due', async () => {
    const queue = createInProcessQueue({ clock: createFakeClock(NOW_MS), capacityPerLine: 2 });
    const ran: string[] = [];
    await queue.enqueueMany([1, 2, 3, 4].map((id) => job(id, { runAtMs: NOW_MS + 1 })));
    await queue.enqueueMany([5, 6].map((id) => job(id, { priority: 'low' })));
    await queue.enqueueMany([7, 8].map((id) => job(id)));
    await queue.start(async ({ id }) => void ran.push(id), { concurrency: 5 });
    await turn();
    expect(ran.sort()).toEqual(['d5', 'd6', 'd7', 'd8']);
    await queue.close();
  });

  it('lets the event loop turn before the next ones begin, however soon a job is done', async () => {
    const queue = createInProcessQueue({ clock: createFakeClock(NOW_MS) });
    const ran: string[] = [];
    await queue.enqueueMany(Array.from({ length: 20 }, (_, id) => job(id)));
    await queue.start(async ({ id }) => void ran.push(id), { concurrency: 4 });
    await turn();
    await turn();
    expect(ran.length).toBeLessThanOrEqual(12);
    await until('all have run', () => ran.length === 20);
    await queue.close();
  });

  it('gives a fan-out its turn after fifteen deliveries, or when none may run', async () => {
    const queue = createInProcessQueue({ clock: createFakeClock(NOW_MS) });
    const ran: string[] = [];
    const [busy, free] = ['https://busy.example', 'https://free.example'];
    const deliveries = Array.from({ length: 20 }, (_, id) => job(id, { origin: free }));
    const pages = [100, 101, 102].map((id) => job(id, { kind: 'fan_out' }));
    await queue.enqueueMany([...pages, job(200, { origin: busy }), ...deliveries]);
    const waitsFor = ({ origin }: Job) => (origin === busy ? 'line' : null);
    await queue.start(async ({ id }) => void ran.push(id), { concurrency: 1, waitsFor });
    await until('all that may have run', () => ran.length === 23);
    const places = ['d100', 'd101', 'd102'].map((id) => ran.indexOf(id));
    expect(places).toEqual([15, 21, 22]);
    expect(ran).not.toContain('d200');
    await queue.close();
  });

  it('keeps order within a priority over many jobs', async () => {
    const queue = createInProcessQueue({ clock: createFakeClock(NOW_MS) });
    const ran: string[] = [];
    const jobs = Array.from({ length: 5000 }, (_, id) => job(id));
    await queue.enqueueMany(jobs);
    await new Promise<void>((resolve) => {
      void queue.start(
        async ({ id }) => {
          if (ran.push(id) === jobs.length) resolve();
        },
        { concurrency: 3 },
      );
    });
    expect(ran).toEqual(jobs.map(({ id }) => id));
  });

  it('keeps the order of each origin, and lets the origins take turns', async () => {
    const ran: string[] = [];
    const clock = createFakeClock(0);
    const queue = createInProcessQueue({ clock });
    const of = (origin: string, ids: readonly number[]) => ids.map((id) => job(id, { origin }));
    await queue.enqueueMany([...of('a', [1, 2, 3, 4]), ...of('b', [11, 12]), ...of('c', [21])]);
    await queue.start(async ({ id }) => void ran.push(id), { concurrency: 1 });
    await until('all have run', async () => ran.length === 7);
    expect(ran).toEqual(['d1', 'd11', 'd21', 'd2', 'd12', 'd3', 'd4']);
    await queue.close();
  });
});

describe('the in-process queue, woken', () => {
  it('runs what waits for a lane, and what waits for that alone', async () => {
    const clock = createFakeClock(NOW_MS);
    const queue = createInProcessQueue({ clock });
    const ran: string[] = [];
    const origin = 'https://back.example';
    const later = { runAtMs: NOW_MS + 60_000 };
    const jobs = [
      jobFor(clock, 'lane 2', { ...later, origin, waitsForLane: true, runAtMs: NOW_MS + 90_000 }),
      jobFor(clock, 'lane 1', { ...later, origin, waitsForLane: true }),
      jobFor(clock, 'retry', { ...later, origin }),
      jobFor(clock, 'elsewhere', { ...later, origin: 'https://other.example', waitsForLane: true }),
    ];
    await queue.enqueueMany(jobs);
    await queue.start(async ({ id }) => void ran.push(id), { concurrency: 1 });
    queue.wake('https://unknown.example');
    queue.wake(origin);
    await until('those that waited for the lane run', () => ran.length === 2);
    await turn();
    expect(ran).toEqual(['lane 1', 'lane 2']);
    clock.advance(60_000);
    await until('the others run in their time', () => ran.length === 4);
    expect(ran.slice(2).toSorted()).toEqual(['elsewhere', 'retry']);
    await queue.close();
  });
});
