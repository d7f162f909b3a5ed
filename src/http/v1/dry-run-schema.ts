import { z } from '@hono/zod-openapi';
import type { UserForecast } from '../../domain/audience/forecast.ts';
import { SUPPRESSION_REASONS } from '../../domain/audience/release.ts';
import { deadlineAtMs } from '../../domain/notification/notification.ts';
import type { DryRun } from '../../intake/dry-run.ts';
import { answerBody, answerWord, answerWordOrNull } from '../kit/answer-schema.ts';
import { instant, isoOf, isoOrNull } from '../kit/wire-fields.ts';
import { sizeWarnings } from './notification-answer.ts';

const userSchema = answerBody('DryRunUser', {
  user_id: z.string(),
  outcome: answerWord('DryRunOutcome', ['send', 'hold', 'suppress'], 'What would become of it for this user.'),
  reason: answerWordOrNull(SUPPRESSION_REASONS, 'The gate that would stop it.'),
  held_until: instant.nullable(),
  device_count: z.int(),
});

export const dryRunSchema = answerBody('NotificationDryRun', {
  dry_run: z.boolean().openapi({ description: 'Always true: nothing was sent, and nothing kept.' }),
  user_count: z.int(),
  reached_user_count: z
    .int()
    .openapi({ description: 'Who would get it, now or later. The others are in `suppressed`.' }),
  device_count: z.int(),
  suppressed: z.record(z.string(), z.int()).openapi({ description: 'How many users would get nothing, by reason.' }),
  held_user_count: z.int().openapi({ description: 'Who of those reached would get it later.' }),
  first_release_at: instant.nullable(),
  last_release_at: instant.nullable(),
  waves: z
    .array(answerBody('DryRunWave', { at: instant, user_count: z.int() }))
    .openapi({ description: 'When how many of those reached would get it. Empty where it would be sent at once.' }),
  variants: z
    .array(answerBody('DryRunVariant', { key: z.string(), user_count: z.int() }))
    .openapi({ description: 'To how many users each variant would go; who waits for a test is in none.' }),
  payload_octets: z.int().openapi({ description: 'What a device would get, before encryption; the largest.' }),
  payload_octets_by_locale: z
    .record(z.string(), z.int())
    .nullable()
    .openapi({ description: 'Where the text is made for each recipient: the largest in each locale. Else null.' }),
  deadline_at: instant.openapi({ description: 'Until when it would be worth sending.' }),
  is_at_least: z.boolean().openapi({
    description:
      'There are more users, who could not all be looked at within a second: all counts are at least so high.',
  }),
  sample: z.array(userSchema).openapi({ description: 'Up to 20 users, the same ones each time.' }),
  warnings: z.array(z.string()).openapi({ description: 'What may keep it from some devices. Empty, as a rule.' }),
});

const NOBODY_REACHED = 'Nobody would get it: `suppressed` says why.';

/** The answer to `dry_run: true`. */
export function dryRunWire({ notification, measured, forecast, isAtLeast }: DryRun): z.output<typeof dryRunSchema> {
  const { held, users, reachedUsers, suppressed } = forecast;
  return {
    dry_run: true,
    user_count: users,
    reached_user_count: reachedUsers,
    device_count: forecast.devices,
    suppressed,
    held_user_count: held?.users ?? 0,
    first_release_at: isoOrNull(held?.firstMs ?? null),
    last_release_at: isoOrNull(held?.lastMs ?? null),
    waves: forecast.waves.map(({ atMs, users: count }) => ({ at: isoOf(atMs), user_count: count })),
    variants: variantsOf(notification, forecast),
    payload_octets: measured.octets,
    payload_octets_by_locale: measured.byLocale,
    deadline_at: isoOf(deadlineAtMs(notification)),
    is_at_least: isAtLeast,
    sample: forecast.sample.map(userWire),
    warnings: [...sizeWarnings(measured.octets), ...(reachedUsers === 0 && !isAtLeast ? [NOBODY_REACHED] : [])],
  };
}

function variantsOf({ content }: DryRun['notification'], { variants }: DryRun['forecast']) {
  return content.experiment?.variants.map(({ key }) => ({ key, user_count: variants.get(key) ?? 0 })) ?? [];
}

function userWire({ userId, outcome, reason, heldUntilMs, devices }: UserForecast): z.output<typeof userSchema> {
  return { user_id: userId, outcome, reason, held_until: isoOrNull(heldUntilMs), device_count: devices };
}
