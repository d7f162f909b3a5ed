import { describe, expect, it } from 'vitest';
import { createWorker, type WorkerOptions } from '../../src/delivery/worker.ts';
import type { Job } from '../../src/queue/job-queue.ts';

const job = (id: string): Job => ({
  kind: 'fan_out',
  id,
  step: 0,
  priority: 'low',
  origin: '',
  userId: '',
  deadlineAtMs: null,
  runAtMs: 0,
});

describe('pages of fan-out', () => {
  it('are two at once, and the next must wait until one has ended', async () => {
    const ends: ((error?: Error) => void)[] = [];
    const told: string[] = [];
    const worker = createWorker({
      fanOutPage: () =>
        new Promise<void>((resolve, reject) => {
          ends.push((error) => (error === undefined ? resolve() : reject(error)));
        }),
      isPaused: () => false,
      events: { publish: ({ type }: { type: string }) => told.push(type) },
    } as unknown as WorkerOptions);
    const waits = () => worker.waitsFor(job('next'));
    const first = worker.work(job('a'));
    expect(waits()).toBeNull();
    const second = worker.work(job('b'));
    expect(waits()).toBe('line');
    ends[0]?.();
    await first;
    expect(waits()).toBeNull();
    // One that fails has ended, too.
    const third = worker.work(job('c'));
    expect(waits()).toBe('line');
    ends[1]?.(new Error('the store is away'));
    await second;
    expect([waits(), told]).toEqual([null, ['part.failed']]);
    ends[2]?.();
    await third;
  });
});
