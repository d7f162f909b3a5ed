import { z } from '@hono/zod-openapi';
import { AppError } from '../../domain/app-error.ts';
import { MAX_USERS_PER_NOTIFICATION } from '../../domain/audience/audience.ts';
import { MAX_TAGS } from '../../domain/user/user.ts';
import type { Users } from '../../intake/users.ts';
import { answerBody, pageOf } from '../kit/answer-schema.ts';
import { boundUser, namedUser } from '../kit/authenticate.ts';
import type { ApiContext } from '../kit/request-context.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { pageQuery, pageRequest, USER_ID_SEGMENT, userId } from '../kit/wire-fields.ts';
import { tag, userPatchBody, userPatchOf, userSchema, userWire } from './user-schema.ts';

const USERS_PATH = '/v1/users';
const USER_PATH = `${USERS_PATH}/{user_id}` as const;
const params = z.object({
  user_id: userId.openapi({ pattern: USER_ID_SEGMENT, description: 'As notifications and subscriptions have it.' }),
});
const someTags = z.array(tag).max(MAX_TAGS, `must be at most ${MAX_TAGS}`).optional();
const someUsers = z
  .array(userId)
  .max(MAX_USERS_PER_NOTIFICATION, `must be at most ${MAX_USERS_PER_NOTIFICATION}`)
  .optional();

/** Two full lists, and what holds them. */
const MOST_VALUES = 2 * MAX_USERS_PER_NOTIFICATION + 3;

const listRoute = defineRoute({
  method: 'get',
  path: USERS_PATH,
  operationId: 'listUsers',
  tag: 'Users',
  summary: 'List users of whom something was said, in order of id',
  access: 'key',
  scope: 'read',
  query: pageQuery.extend({ tag: tag.optional().openapi({ description: 'Only those who have it.' }) }),
  answers: { 200: { description: 'One page.', body: pageOf('UserPage', userSchema) } },
  errors: ['invalid_cursor'],
});

const getRoute = defineRoute({
  method: 'get',
  path: USER_PATH,
  operationId: 'getUser',
  tag: 'Users',
  summary: 'Read what was said of a user',
  access: 'subscriber',
  scope: 'read',
  params,
  answers: { 200: { description: 'The user.', body: userSchema } },
  errors: ['user_not_found'],
});

const patchRoute = defineRoute({
  method: 'patch',
  path: USER_PATH,
  operationId: 'patchUser',
  tag: 'Users',
  summary: 'Say something of a user',
  description:
    'A JSON merge patch (RFC 7396): what is left out stays, null takes away. Makes the user where nothing was said before. ' +
    'With a subscriber token, all but `tags`.',
  access: 'subscriber',
  scope: 'manage',
  params,
  body: {
    schema: userPatchBody,
    example: {
      time_zone: 'Europe/Berlin',
      preferences: { 'digest.*': false },
      quiet_hours: { from: '22:00', until: '07:00' },
    },
    required: true,
  },
  answers: { 200: { description: 'The user as it is now.', body: userSchema } },
  errors: ['subscriber_token_not_enough', 'too_many_requests'],
});

const tagsRoute = defineRoute({
  method: 'post',
  path: `${USER_PATH}/tags`,
  operationId: 'changeTagsOfUser',
  tag: 'Users',
  summary: 'Give tags to a user, and take others away',
  access: 'key',
  scope: 'manage',
  params,
  body: {
    schema: z.strictObject({ add: someTags, remove: someTags }).openapi('UserTagChange'),
    example: { add: ['beta'], remove: ['trial'] },
    required: true,
  },
  answers: { 200: { description: 'The user as it is now.', body: userSchema } },
  errors: [],
});

const listTagsRoute = defineRoute({
  method: 'get',
  path: '/v1/tags',
  operationId: 'listTags',
  tag: 'Users',
  summary: 'List tags, with the number of users who have each',
  access: 'key',
  scope: 'read',
  query: pageQuery,
  answers: {
    200: {
      description: 'One page.',
      body: pageOf('TagPage', answerBody('Tag', { tag: z.string(), user_count: z.int() })),
    },
  },
  errors: ['invalid_cursor'],
});

const usersOfTagRoute = defineRoute({
  method: 'post',
  path: '/v1/tags/{tag}/users',
  operationId: 'changeUsersOfTag',
  tag: 'Users',
  summary: 'Give a tag to many users, and take it from others',
  description: 'Each user by itself: where the call is cut short, make it again.',
  access: 'key',
  scope: 'manage',
  params: z.object({
    tag: tag.openapi({
      pattern: '^([A-Za-z0-9_.:/-]*[A-Za-z0-9_:/-][A-Za-z0-9_.:/-]*|\\.{3,})$',
      maxLength: 64,
      description: 'Percent-encoded: `plan/pro` as `plan%2Fpro`.',
    }),
  }),
  body: {
    schema: z.strictObject({ add: someUsers, remove: someUsers }).openapi('TagUserChange'),
    example: { add: ['user-42'], remove: ['user-43'] },
    required: true,
    mostValues: MOST_VALUES,
  },
  answers: { 204: { description: 'Done.', body: null } },
  errors: [],
});

/** What is said of users. */
export function addUserRoutes(router: Router, users: Users): void {
  router.add(listRoute, async ({ query }) => {
    const page = await users.list({ ...pageRequest(query), tag: query.tag ?? null });
    return answer(200, { items: page.items.map((user) => userWire(user)), next_cursor: page.next });
  });
  router.add(getRoute, async ({ params: { user_id: id } }, c) =>
    answer(200, userWire(await users.get(ownOr(c, id)), boundUser(c) === null)),
  );
  router.add(patchRoute, async ({ params: { user_id: id }, body }, c) => {
    const own = ownOr(c, id);
    if (body.tags !== undefined) refuseToken(c);
    const isOwn = boundUser(c) !== null;
    const user = await (isOwn ? users.patchOwn : users.patch)(own, userPatchOf(body));
    return answer(200, userWire(user, !isOwn));
  });
  router.add(tagsRoute, async ({ params: { user_id: id }, body }) =>
    answer(200, userWire(await users.changeTags(id, { add: body.add ?? [], remove: body.remove ?? [] }))),
  );
  router.add(listTagsRoute, async ({ query }) => {
    const page = await users.tags(pageRequest(query));
    const items = page.items.map(({ tag: name, userCount }) => ({ tag: name, user_count: userCount }));
    return answer(200, { items, next_cursor: page.next });
  });
  router.add(usersOfTagRoute, async ({ params: { tag: name }, body }) => {
    await users.changeUsersOfTag(name, { add: body.add ?? [], remove: body.remove ?? [] });
    return answer(204, null);
  });
}

/** Throws `subscriber_token_not_enough` where a token names another user. */
function ownOr(c: ApiContext, id: string): string {
  return namedUser(c, id) ?? id;
}

/** Tags are what the site says of a user, not what users say of themselves. */
function refuseToken(c: ApiContext): void {
  if (boundUser(c) === null) return;
  throw new AppError('subscriber_token_not_enough', 'A subscriber token may not change `tags`. This takes an API key.');
}
