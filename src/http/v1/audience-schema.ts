import { z } from '@hono/zod-openapi';
import { type Audience, MAX_USERS_PER_NOTIFICATION } from '../../domain/audience/audience.ts';
import { MAX_EXPRESSION_LENGTH } from '../../domain/audience/expression.ts';
import { userId } from '../kit/wire-fields.ts';

export const expression = z.string().min(1).max(MAX_EXPRESSION_LENGTH).openapi({
  description: 'Tags with `!`, `&&`, `||` and parentheses; `#key` is a segment.',
  example: 'beta && !(trial || churned)',
});

/** Users who are found when the notification is sent. */
export const audienceInput = z
  .strictObject({
    tags: expression.optional(),
    everyone: z
      .literal(true)
      .optional()
      .openapi({ type: 'boolean', enum: [true] }),
  })
  .refine(({ tags, everyone }) => (tags === undefined) !== (everyone === undefined), {
    error: 'must have either `tags` or `everyone`',
  })
  .openapi('AudienceInput');

export const excludedUserIds = z
  .array(userId)
  .max(MAX_USERS_PER_NOTIFICATION, `must be at most ${MAX_USERS_PER_NOTIFICATION}`)
  .optional()
  .openapi({ description: 'Users of the audience who get nothing of it, and do not count.' });

export function audienceOf(
  { tags }: z.output<typeof audienceInput>,
  excludedIds: readonly string[] = [],
): Exclude<Audience, { kind: 'user_ids' }> {
  return tags === undefined ? { kind: 'everyone', excludedIds } : { kind: 'tags', text: tags, excludedIds };
}
