import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createEngine, type EnginePolicy, type EnginePorts } from '../../src/delivery/engine.ts';
import { createInProcessQueue } from '../../src/queue/in-process/in-process-queue.ts';
import type { Store } from '../../src/store/store.ts';
import { startEngine } from '../support/engine.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { NOW_MS } from '../support/samples.ts';

describe('the engine', () => {
  it('begins with what was decided about pruning, then finds what was left, then runs jobs', async () => {
    const done: string[] = [];
    const queue = createInProcessQueue({ clock: systemClock });
    const engine = await startEngine({
      queue: Object.assign(Object.create(queue), {
        start: (...given: Parameters<typeof queue.start>) => {
          done.push('jobs');
          return queue.start(...given);
        },
      }),
      wrapStore: (store): Store => ({
        ...store,
        pruneHolds: {
          ...store.pruneHolds,
          current: (sinceMs) => {
            done.push('holds');
            return store.pruneHolds.current(sinceMs);
          },
        },
        deliveries: {
          ...store.deliveries,
          due: (query) => {
            done.push(`due ${query.priority}`);
            return store.deliveries.due(query);
          },
        },
      }),
    });
    await engine.start();
    expect(done).toEqual(['holds', 'due high', 'due normal', 'due low', 'jobs']);
    await engine.dispose();
  });

  const policy: EnginePolicy = {
    delivery: { maxRetries: 0, baseMs: 1, maxMs: 1, quarantine: { retryMs: 1, retireAfterMs: 1 }, goneGraceMs: 60_000 },
    pruning: { windowSize: 1, maxShare: 1, maxCount: 1 },
    serviceOf: (origin) => origin,
    ratesPerSecond: new Map(),
    attemptTimeoutMs: 1000,
    serverZone: 'UTC',
    retentionDays: 1,
    eventRetentionDays: 1,
  };

  /** An engine that is not started, whose jobs end when the test says so. */
  function engineToDrain() {
    const clock = createFakeClock(NOW_MS);
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const ports = { clock, store: {}, queue: { onRoom: () => {}, stop: () => ended } } as unknown as EnginePorts;
    const pace = { concurrency: 1, fanOutPageSize: 1, atWork: {} };
    const told: string[] = [];
    const engine = createEngine(ports, policy, pace);
    return { clock, end, told, drained: () => engine.drain(() => told.push('given up')), engine };
  }

  it('drains for 20 seconds, and then gives up what is still under way', async () => {
    const { clock, end, told, drained } = engineToDrain();
    const draining = drained();
    clock.advance(19_999);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toEqual(['given up']);
    end();
    await draining;
  });

  it('waits for nothing more once it is drained, and can be stopped before it was started, and twice', async () => {
    const { clock, end, told, drained, engine } = engineToDrain();
    await engine.stopLoops();
    await engine.stopLoops();
    end();
    await drained();
    expect(clock.waiting()).toBe(0);
    clock.advance(60_000);
    expect(told).toEqual([]);
  });
});
