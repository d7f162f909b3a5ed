import { z } from '@hono/zod-openapi';
import { isTypePattern } from '../../domain/notification-type/type-pattern.ts';
import { type QuietHours, timeOfMinute, WEEKDAYS } from '../../domain/user/quiet-hours.ts';
import { MAX_PREFERENCES, MAX_TAGS, TAG, type User, type UserPatch } from '../../domain/user/user.ts';
import { answerBody } from '../kit/answer-schema.ts';
import { canonicalLocaleText, instant, isoOf, isoOrNull, moment, timeZone } from '../kit/wire-fields.ts';

export const tag = z
  .string()
  .regex(TAG, 'must be 1 to 64 of the characters A-Z a-z 0-9 _ . : / -')
  .openapi({ example: 'plan:pro' });

export const typePattern = z
  .string()
  .refine(isTypePattern, 'must be a type such as order.shipped, a beginning such as digest.*, or * for all')
  .openapi({ example: 'digest.*' });

const clockTime = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as 22:00')
  .openapi({ example: '22:00' });

const quietHours = z
  .strictObject({
    from: clockTime.optional(),
    until: clockTime.optional().openapi({ example: '07:00' }),
    days: z
      .array(z.enum(WEEKDAYS))
      .min(1, 'must name a day; leave it out for every day')
      .max(7)
      .nullish()
      .openapi({ description: 'The days on which it begins. Null: every day.' }),
  })
  .openapi('QuietHours', {
    description:
      'By the clock of the user’s zone. Where `until` is the earlier one, it ends on the day after. Merged; a user without any needs ' +
      '`from` and `until`.',
  });

const preferences = z
  .record(z.string(), z.boolean().nullable())
  .superRefine((given, context) => {
    for (const pattern of Object.keys(given).filter((name) => !isTypePattern(name))) {
      context.addIssue({
        code: 'custom',
        path: [pattern],
        message: 'must be a type such as order.shipped, a beginning such as digest.*, or * for all',
      });
    }
    if (Object.keys(given).length > MAX_PREFERENCES) {
      context.addIssue({ code: 'custom', message: `must name at most ${MAX_PREFERENCES} patterns` });
    }
  })
  .openapi({
    description: 'Whether types are wanted, by pattern: the longest that matches decides. Merged; null takes one away.',
    example: { 'digest.*': false, security: true },
  });

/** RFC 7396: absent stays, null takes away. */
export const userPatchBody = z
  .strictObject({
    time_zone: timeZone.nullish(),
    locale: canonicalLocaleText.nullish(),
    tags: z
      .array(tag)
      .max(MAX_TAGS, `must be at most ${MAX_TAGS}`)
      .nullish()
      .openapi({ description: 'In place of those there were.' }),
    preferences: preferences.nullish(),
    quiet_hours: quietHours.nullish(),
    paused_until: moment.nullish().openapi({
      type: ['string', 'null'],
      format: 'date-time',
      description: 'Nothing is shown before, but what overrides quiet hours.',
    }),
  })
  .openapi('UserPatch');

export const userSchema = answerBody('User', {
  user_id: z.string(),
  time_zone: z.string().nullable(),
  locale: z.string().nullable(),
  tags: z
    .array(z.string())
    .optional()
    .openapi({ description: 'What the site says of the user. Left out with a subscriber token.' }),
  preferences: z.record(z.string(), z.boolean()),
  quiet_hours: answerBody('UserQuietHours', {
    from: z.string(),
    until: z.string(),
    days: z.array(z.string()).optional(),
  }).nullable(),
  paused_until: instant.nullable(),
  created_at: instant,
  updated_at: instant,
});

export function userPatchOf(body: z.output<typeof userPatchBody>): UserPatch {
  const {
    time_zone: zone,
    locale: language,
    tags,
    preferences: wishes,
    quiet_hours: quiet,
    paused_until: pause,
  } = body;
  return {
    ...(zone !== undefined && { timeZone: zone }),
    ...(language !== undefined && { locale: language }),
    ...(tags !== undefined && { tags }),
    ...(wishes !== undefined && { preferences: wishes }),
    ...(quiet !== undefined && { quietHours: quiet === null ? null : quietHoursOf(quiet) }),
    ...(pause !== undefined && { pausedUntilMs: pause }),
  };
}

function quietHoursOf({ from, until, days }: z.output<typeof quietHours>): Partial<QuietHours> {
  return {
    ...(from !== undefined && { fromMinute: minuteOf(from) }),
    ...(until !== undefined && { untilMinute: minuteOf(until) }),
    ...(days !== undefined && { days: days && [...new Set(days)] }),
  };
}

function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

/** `seesTags` false: to the user, who is not told what the site says of them. */
export function userWire(user: User, seesTags = true): z.output<typeof userSchema> {
  const { quietHours: quiet } = user;
  return {
    user_id: user.id,
    time_zone: user.timeZone,
    locale: user.locale,
    ...(seesTags && { tags: [...user.tags] }),
    preferences: Object.fromEntries(
      Object.entries(user.preferences).map(([pattern, { isWanted }]) => [pattern, isWanted]),
    ),
    quiet_hours: quiet && {
      from: timeOfMinute(quiet.fromMinute),
      until: timeOfMinute(quiet.untilMinute),
      ...(quiet.days && { days: [...quiet.days] }),
    },
    paused_until: isoOrNull(user.pausedUntilMs),
    created_at: isoOf(user.createdAtMs),
    updated_at: isoOf(user.updatedAtMs),
  };
}
