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

    it('closes twice without harm', async () => {
      await coordination.lead('rescuer');
      await coordination.close();
      await coordination.close();
    });
  });
}
