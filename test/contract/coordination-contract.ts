import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Coordination } from '../../src/coordination/coordination.ts';

/** What every Coordination must do for a process that is the only one. */
export function coordinationContract(name: string, open: () => Promise<Coordination>): void {
  describe(`${name} keeps the contract of Coordination`, () => {
    let coordination: Coordination;
    beforeEach(async () => {
      coordination = await open();
    });
    afterEach(() => coordination.close());

    it('leads each loop, and goes on leading it', async () => {
      for (const loop of ['rescuer', 'sweeper', 'rescuer', 'rescuer', 'sweeper']) {
        expect(await coordination.lead(loop)).toBe(true);
      }
    });

    it('keeps the longest pause of an origin until it ends, and of no other origin', async () => {
      const nowMs = Date.now();
      const [paused, other] = ['https://push.example.net', 'https://push.example.org'];
      expect(coordination.pausedUntilMs(paused, nowMs)).toBeNull();
      for (const waitMs of [5000, 9000, 7000]) {
        await coordination.pauseOrigin({ origin: paused, untilMs: nowMs + waitMs });
      }
      expect(coordination.pausedUntilMs(paused, nowMs)).toBe(nowMs + 9000);
      expect(coordination.pausedUntilMs(paused, nowMs + 8999)).toBe(nowMs + 9000);
      expect(coordination.pausedUntilMs(other, nowMs)).toBeNull();
      expect(coordination.pausedUntilMs(paused, nowMs + 9000)).toBeNull();
    });

    it('lets each spender have a burst, and one more after each refill', async () => {
      const limit = { burst: 3, refillMs: 500 };
      const nowMs = 1_767_225_600_123;
      const spend = (spender: string, atMs: number) => coordination.spend(spender, limit, atMs);
      const waits = await Promise.all(Array.from({ length: 5 }, () => spend('one', nowMs)));
      expect(waits.toSorted((one, other) => one - other)).toEqual([0, 0, 0, 500, 500]);
      expect(await spend('two', nowMs)).toBe(0);
      expect(await spend('one', nowMs + 499)).toBe(1);
      expect(await spend('one', nowMs + 500)).toBe(0);
      expect(await spend('one', nowMs + 501)).toBe(499);
      expect(await spend('one', nowMs + 2000)).toBe(0);
    });

    it('takes any name, and any clock', async () => {
      const limit = { burst: 7, refillMs: 8571 };
      for (const spender of ['\0', 'x'.repeat(300), '😀 \n']) {
        const waits = await Promise.all(Array.from({ length: 8 }, () => coordination.spend(spender, limit, 17)));
        expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(7);
      }
    });

    it('knows what this process said of itself last', async () => {
      expect(await coordination.announcements()).toEqual([]);
      await coordination.announce('started', 60_000);
      await coordination.announce('"busy" \n 😀', 60_000);
      expect(await coordination.announcements()).toEqual(['"busy" \n 😀']);
    });

    it('closes twice without harm', async () => {
      await coordination.lead('rescuer');
      await coordination.close();
      await coordination.close();
    });
  });
}
