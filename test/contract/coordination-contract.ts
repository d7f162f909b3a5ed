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

    it('closes twice without harm', async () => {
      await coordination.lead('rescuer');
      await coordination.close();
      await coordination.close();
    });
  });
}
