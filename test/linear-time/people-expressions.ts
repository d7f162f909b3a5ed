import type { Listed } from './listed-expression.ts';

const digits = { repeated: '1', tail: 'x' };
const letters = { repeated: 'a', tail: '\n' };

/** What reads time zones, tags, types and audiences; see `MEET_OUTSIDE_TEXT`. */
export const PEOPLE_FILES: Readonly<Record<string, readonly Listed[]>> = {
  'domain/audience/expression.ts': [
    [/^[A-Za-z0-9_.-]{1,64}$/, letters],
    [/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}$/, { head: 'de', repeated: '-a', tail: ' ' }],
    [/^([1-9]\d{0,3})d$/, digits],
    [/[ \t\r\n]/, letters],
    [/[ \t\r\n()!&|]/, letters],
  ],
  'domain/notification-type/type-pattern.ts': [[/^[A-Za-z0-9._:/-]{1,64}$/, letters]],
  'domain/schedule/cron.ts': [
    [/\s+/, { repeated: ' ' }],
    [/^[0-9A-Za-z*,/-]+$/, letters],
    [/[A-Za-z]+|\d+/g, { repeated: 'a' }],
    [/^\d/, digits],
  ],
  'domain/schedule/schedule.ts': [[/^[A-Za-z0-9_.-]{1,64}$/, letters]],
  'domain/time/zone.ts': [
    [/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,2}$/, { repeated: 'a', tail: ' ' }],
    [/\d+/g, { repeated: '1' }],
  ],
  'domain/user/user.ts': [[/^[A-Za-z0-9_.:/-]{1,64}$/, letters]],
  'http/v1/schedule-schema.ts': [[/\s+/, { repeated: ' ' }]],
  'http/v1/schedules.ts': [[/^\d{1,3}$/, digits]],
  'http/v1/send-at-schema.ts': [[/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/, digits]],
  'http/v1/user-schema.ts': [[/^([01]\d|2[0-3]):[0-5]\d$/, digits]],
};
