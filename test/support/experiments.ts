import { assign } from '../../src/domain/experiment/assignment.ts';
import type { ExperimentPlan } from '../../src/domain/experiment/experiment.ts';
import type { Notification, SaidContent } from '../../src/domain/notification/notification.ts';
import { NOW_MS, sampleNotification } from './samples.ts';

/** Users of whom nothing else is known. */
export const USERS = Array.from({ length: 40 }, (_, index) => `user-${index}`);

/** Two variants, one of them three times as heavy. */
export function samplePlan(overrides: Partial<ExperimentPlan<SaidContent>> = {}): ExperimentPlan<SaidContent> {
  return {
    key: 'greeting',
    holdoutPercent: 20,
    testPercent: null,
    decideAfterSeconds: null,
    metric: 'clicked',
    ifInconclusive: 'stop',
    variants: [
      { key: 'a', weight: 1, content: { title: 'Hello' } },
      { key: 'b', weight: 3, content: { title: 'Welcome' } },
    ],
    ...overrides,
  };
}

/** With a test. */
export const TEST_PLAN = { testPercent: 55, decideAfterSeconds: 600 } as const;

/** A notification that has this experiment, and where there is a test, its two waves. */
export function inExperiment(plan: ExperimentPlan<SaidContent>, overrides: Partial<Notification> = {}): Notification {
  const atMs = overrides.acceptedAtMs ?? NOW_MS;
  const waves = { sendAt: { kind: 'instant', atMs }, dueAtMs: atMs, lastWaveAtMs: atMs, releasedUsers: 0 } as const;
  return sampleNotification({
    acceptedAtMs: atMs,
    content: { type: 'order.shipped', title: 'Hello', experiment: plan },
    userCount: USERS.length,
    ...(plan.testPercent !== null && { ...waves, status: 'scheduled' }),
    ...overrides,
  });
}

/** Users by what the experiment has for them: a variant’s key, `holdout` or `waiting`. */
export function sharesOf(plan: ExperimentPlan<SaidContent>, users: readonly string[] = USERS) {
  const shares = new Map<string, string[]>();
  for (const userId of users) {
    const lot = assign(plan, userId);
    const name = lot.kind === 'variant' ? lot.key : lot.kind;
    shares.set(name, [...(shares.get(name) ?? []), userId]);
  }
  return (name: string): readonly string[] => shares.get(name) ?? [];
}
