import { expect, it } from 'vitest';
import { type Audience, usersNamed } from '../../src/domain/audience/audience.ts';
import { createComposer } from '../../src/domain/content/compose.ts';
import { newUser, patched, type UserPatch } from '../../src/domain/user/user.ts';
import { createAudiences } from '../../src/intake/audiences.ts';
import { createDryRun } from '../../src/intake/dry-run.ts';
import { createStandingRules } from '../../src/store/standing-rules.ts';
import { createWordings } from '../../src/store/wordings.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { sendAt } from '../support/fan-out-at.ts';
import { NOW_MS, sampleSubscription } from '../support/samples.ts';
import { freshStore, type OpenStore } from './fresh-store.ts';

const CONTENT = { type: 'score.goal', title: 'x' };

/** A dry run says what a fan-out at the same instant does, and leaves no trace. */
export function dryRunContract(open: OpenStore): void {
  const fresh = freshStore(open);
  const dryRun = async (audience: Audience) => {
    const { store } = fresh;
    const clock = createFakeClock(NOW_MS);
    const rules = createStandingRules({ store, clock });
    const parts = { store, rules, clock, serverZone: 'UTC' };
    const wording = { templates: store.templates, wordings: createWordings(store.templates) };
    const more = { ...wording, compose: createComposer(null), random: Math.random, defaultTtlSeconds: 86_400 };
    const run = createDryRun({ ...parts, ...more, audiences: createAudiences(parts) });
    return run({
      content: CONTENT,
      audience,
      priority: null,
      urgency: null,
      ttlSeconds: 86_400,
      topic: null,
      wording: null,
      recipientValues: null,
      sendAt: null,
    });
  };
  const say = (userId: string, patch: UserPatch) =>
    fresh.store.users.change(newUser(userId, NOW_MS), (user) => patched(user, patch, NOW_MS));

  it.each<[string, Audience]>([
    ['users that are named', usersNamed(['ada', 'bob', 'eve', 'kim', 'nobody'])],
    ['everyone', { kind: 'everyone', excludedIds: [] }],
    ['an expression', { kind: 'tags', text: '!(vip)', excludedIds: ['bob'] }],
  ])('says what a fan-out does, of %s', async (_, audience) => {
    const { store } = fresh;
    for (const userId of ['ada', 'ada', 'bob', 'eve', 'kim', 'lou']) {
      await store.subscriptions.register(sampleSubscription({ userId }));
    }
    await store.typeRules.put('score.*', { cap: { limit: 1, perSeconds: 3600 } });
    await say('bob', { preferences: { 'score.*': false } });
    await say('eve', { pausedUntilMs: NOW_MS + 3_600_000 });
    await say('lou', { tags: ['vip'] });
    await sendAt(store, usersNamed(['kim']), { nowMs: NOW_MS }, { content: CONTENT, ttlSeconds: 86_400 });
    const first = await dryRun(audience);
    expect(await dryRun(audience)).toMatchObject({ forecast: first.forecast });
    const { forecast } = first;
    const sent = await sendAt(store, audience, { nowMs: NOW_MS }, { content: CONTENT, ttlSeconds: 86_400 });
    const counts = await store.deliveries.countByState(sent.id);
    expect(await store.suppressions.countByReason(sent.id)).toEqual(forecast.suppressed);
    expect(forecast.suppressed.capped).toBe(1);
    expect([counts.pending + counts.held, counts.held]).toEqual([forecast.devices, forecast.held?.users]);
    const kept = await store.notifications.get(sent.id);
    expect(kept?.userCount).toBe(forecast.users);
    expect(first.isAtLeast).toBe(false);
  });
}
