import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSweeper } from '../../src/upkeep/sweeper.ts';
import { type Engine, startEngine } from '../support/engine.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const DAY_MS = 86_400_000;

describe('sweeper', () => {
  let engine: Engine;
  beforeEach(async () => {
    engine = await startEngine();
    await engine.start();
  });
  afterEach(() => engine.dispose());

  it('forgets what was completed longer ago than is kept, and nothing sooner', async () => {
    const notification = await engine.notify(['nobody']);
    await engine.when('notification.fanned_out');
    const clock = createFakeClock(notification.acceptedAtMs);
    const sweeper = createSweeper({ ...engine, clock, retentionDays: 2, eventRetentionDays: 1, intervalMs: DAY_MS });
    await sweeper.start();
    clock.advance(DAY_MS);
    await sweeper.stop();
    expect(await engine.store.notifications.get(notification.id)).not.toBeNull();
    clock.advance(DAY_MS + 1);
    await sweeper.start();
    await sweeper.stop();
    expect(await engine.store.notifications.get(notification.id)).toBeNull();
  });
});
