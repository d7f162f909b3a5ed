import { z } from '@hono/zod-openapi';

/**
 * The body of an answer, or an object in one, by the name that generated clients give its class. The object is open: a later
 * version adds fields, and no client may break at one. Said outright, because openapi-generator takes an object that says
 * nothing for a closed one.
 */
export function answerBody<Fields extends z.ZodRawShape>(name: string, fields: Fields, description?: string) {
  return z
    .object(fields)
    .openapi(name, { additionalProperties: true, ...(description === undefined ? {} : { description }) });
}

/**
 * A word of an answer of which later versions know more. For clients any text, because many generated ones refuse what is not
 * in an `enum`; `x-extensible-enum` has the words of today.
 */
export function answerWord<const Words extends readonly [string, ...string[]]>(
  name: string,
  words: Words,
  description: string,
) {
  return z.enum(words).openapi(name, { type: 'string', ...wordsOfToday(words, description) });
}

/** As `answerWord`, where there may be none. Without a name: of a name or null, generators make what does not compile. */
export function answerWordOrNull<const Words extends readonly [string, ...string[]]>(
  words: Words,
  description: string,
) {
  return z
    .enum(words)
    .nullable()
    .openapi({ type: ['string', 'null'], ...wordsOfToday(words, description) });
}

function wordsOfToday(words: readonly string[], description: string) {
  const known = words.map((word) => `\`${word}\``).join(', ');
  return {
    'x-extensible-enum': [...words],
    description: `${description} Known today: ${known}. Take any other for one that a later version added.`,
  };
}

const NEXT =
  'Null on the last page. Where filters leave few of many, a page may have fewer than `limit`, or none, and still lead on.';

/** One page of a listing. */
export function pageOf<Item extends z.ZodType>(name: string, item: Item) {
  return answerBody(name, {
    items: z.array(item),
    next_cursor: z.string().nullable().openapi({ description: NEXT }),
  });
}
