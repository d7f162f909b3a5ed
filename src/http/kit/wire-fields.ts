import { z } from '@hono/zod-openapi';
import { canonicalLocale } from '../../domain/content/locale-choice.ts';
import { deliveryId, ID_PREFIXES } from '../../domain/ids.ts';
import { canonicalZone } from '../../domain/time/zone.ts';
import { MAX_USER_ID_LENGTH } from '../../domain/user/user-id.ts';

/**
 * Control characters, as documented patterns spell them. Those from U+0080 on are refused, too: no spelling of them means the
 * same in Ruby (`\x80` is half a character), PHP (an octet), Go and Python.
 */
export const CONTROL = '\\x00-\\x1f\\x7f';

/** What JSON may hold here: no store keeps U+0000 everywhere, so that no body may have it. */
export const ANY_TEXT = '^[^\\x00]*$';

const MAX_PAGE = 200;
const DEFAULT_PAGE = 50;

const FIRST_INSTANT_MS = Date.parse('0000-01-01T00:00:00Z');

/** The last instant with a year of four digits: RFC 3339 writes no other. */
export const LAST_INSTANT_MS = 253_402_300_799_999;

/** An instant on the wire. Inside, instants are epoch milliseconds. */
export const instant = z.iso.datetime().openapi({ example: '2026-01-31T12:00:00.000Z' });

/** What a caller writes for an instant: ISO 8601 with a zone, which must not carry it into a year that no answer can show. */
export const instantText = z.iso
  .datetime({ offset: true, abort: true })
  .refine((text) => isShown(Date.parse(text)), 'must lie between the years 0000 and 9999, in UTC');

/** An instant from 1970 on. Clients hear of the text alone: of a choice of two openapi-generator makes Java that does not compile. */
export const instantOrEpochMs = z
  .union([z.number().min(0).max(LAST_INSTANT_MS), instantText.refine((text) => Date.parse(text) >= 0)], {
    error: 'must be an ISO 8601 instant with a zone, or epoch milliseconds, from 1970 to 9999',
  })
  .openapi({ type: 'string', format: 'date-time' });

/** Epoch milliseconds as an instant on the wire. What lies beyond the year 9999, from an earlier version, is shown as its end. */
export function isoOf(atMs: number): string {
  return new Date(Math.min(atMs, LAST_INSTANT_MS)).toISOString();
}

function isShown(atMs: number): boolean {
  return atMs >= FIRST_INSTANT_MS && atMs <= LAST_INSTANT_MS;
}

/** As `isoOf`, where there may be no instant. */
export function isoOrNull(atMs: number | null): string | null {
  return atMs === null ? null : isoOf(atMs);
}

/** An instant in a query, as epoch milliseconds. */
export const moment = instantText.transform((text) => Date.parse(text));

/**
 * Text on one line. The documented pattern is one that all languages read the same way: some know no `\p{…}`, some no
 * look-ahead, some no flags.
 */
export function plainText(maxLength: number) {
  return z
    .string()
    .min(1)
    .max(maxLength)
    .refine((text) => !/\p{Cc}/u.test(text), 'must hold no control characters')
    .openapi({ pattern: `^[^${CONTROL}]*$` });
}

/** A user id as a segment of a path, percent-encoded: but for `.` and `..`, which URL parsers take for steps along the path. */
export const USER_ID_SEGMENT = `^([^${CONTROL}]*[^${CONTROL}.][^${CONTROL}]*|\\.{3,})$`;

/** Who a user is to the caller. Bellhop gives it no meaning. */
export const userId = plainText(MAX_USER_ID_LENGTH).openapi({ example: 'user-42' });

/** The form of a language tag. */
export const LOCALE = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/;
export const MAX_LOCALE_LENGTH = 35;

export const locale = z
  .string()
  .max(MAX_LOCALE_LENGTH)
  .regex(LOCALE, 'must be a language tag, such as en or pt-BR')
  .openapi({ example: 'pt-BR' });

/** Kept in its one spelling, as `Intl` has it: `de-at` as `de-AT`. */
export const canonicalLocaleText = locale
  .transform((tag, context) => {
    const canonical = canonicalLocale(tag);
    if (canonical !== null) return canonical;
    context.addIssue({ code: 'custom', message: 'must be a language tag, such as en or pt-BR' });
    return z.NEVER;
  })
  .openapi({ type: 'string', maxLength: MAX_LOCALE_LENGTH, pattern: LOCALE.source, example: 'pt-BR' });

/** Kept under the name that the IANA database has for it. */
export const timeZone = z
  .string()
  .min(1)
  .max(64)
  .transform((name, context) => {
    const zone = canonicalZone(name);
    if (zone !== null) return zone;
    context.addIssue({ code: 'custom', message: 'must be a time zone of the IANA database, such as Europe/Berlin' });
    return z.NEVER;
  })
  .openapi({ type: 'string', example: 'Europe/Berlin' });

/** Query parameters of every listing. */
export const pageQuery = z.object({
  limit: z
    .string()
    .regex(/^\d{1,6}$/, `must be a whole number from 1 to ${MAX_PAGE}`)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= MAX_PAGE, `must be a whole number from 1 to ${MAX_PAGE}`)
    .default(DEFAULT_PAGE)
    .openapi({ type: 'integer', minimum: 1, maximum: MAX_PAGE, default: DEFAULT_PAGE, description: 'Items a page.' }),
  cursor: z
    .string()
    .min(1)
    .max(1024)
    .optional()
    .openapi({ description: '`next_cursor` of the page before. Leave it out for the first page.' }),
});

/** The page request inside a validated query. */
export function pageRequest(query: z.output<typeof pageQuery>): { cursor: string | null; limit: number } {
  return { cursor: query.cursor ?? null, limit: query.limit };
}

const EXAMPLE_ULID = '01kdz9f1v6v6j0q2y3w4x5z6a7';
const NOTIFICATION = `${ID_PREFIXES.notification}${EXAMPLE_ULID}`;
const SUBSCRIPTION = `${ID_PREFIXES.subscription}${EXAMPLE_ULID}`;
const EXAMPLE_IDS = {
  notification: NOTIFICATION,
  subscription: SUBSCRIPTION,
  delivery: deliveryId(NOTIFICATION, SUBSCRIPTION),
  pruneHold: `${ID_PREFIXES.pruneHold}${EXAMPLE_ULID}`,
  bulkAction: `${ID_PREFIXES.bulkAction}${EXAMPLE_ULID}`,
  erasure: `${ID_PREFIXES.erasure}${EXAMPLE_ULID}`,
  webhookEndpoint: `${ID_PREFIXES.webhookEndpoint}${EXAMPLE_ULID}`,
} as const;

/** The path parameter `id` of one resource. */
export function idParams(kind: keyof typeof EXAMPLE_IDS) {
  return z.object({
    id: z.string().openapi({
      pattern: '^[A-Za-z0-9_-]+$',
      description: 'As the answers have it.',
      example: EXAMPLE_IDS[kind],
    }),
  });
}
