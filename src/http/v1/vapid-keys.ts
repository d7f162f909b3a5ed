import { z } from '@hono/zod-openapi';
import type { VapidKeys } from '../../intake/vapid-keys.ts';
import { answerBody } from '../kit/answer-schema.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';

export const VAPID_KEYS_PATH = '/v1/push/vapid-keys';

const publicKeyRoute = defineRoute({
  method: 'get',
  path: '/v1/push/public-key',
  operationId: 'getPublicKey',
  tag: 'Subscriptions',
  summary: 'The VAPID public key that browsers subscribe with',
  description: 'Pass it to `pushManager.subscribe()` as `applicationServerKey`. It is public; no credentials needed.',
  access: 'open',
  answers: {
    200: {
      description: 'The key, base64url.',
      body: answerBody('PublicKey', { public_key: z.string() }),
    },
  },
  errors: [],
});

const keySchema = answerBody('VapidKey', {
  public_key: z.string(),
  current: z.boolean().openapi({ description: 'Browsers subscribe with this one now.' }),
  held: z.boolean().openapi({ description: 'False: its private half is missing, and nothing can be sent with it.' }),
  active_subscriptions: z.int(),
  is_at_least: z.boolean().openapi({ description: 'There are more, which were not counted.' }),
});

const nextKey = z.string().openapi({
  description: 'Made, but not yet in use: browsers subscribe with it from the next start on.',
});

export const vapidKeyList = answerBody('VapidKeyList', {
  next_public_key: nextKey.nullable(),
  moved_percent: z.int().openapi({ description: 'Active subscriptions on the current key, rounded down.' }),
  moved_is_at_least: z
    .boolean()
    .openapi({ description: 'It may be more: of two keys there are more than were counted.' }),
  items: z.array(keySchema),
});
export const rotatedSchema = answerBody('RotatedVapidKey', { public_key: z.string(), next_public_key: nextKey });

const keysRoute = defineRoute({
  method: 'get',
  path: VAPID_KEYS_PATH,
  operationId: 'listVapidKeys',
  tag: 'Subscriptions',
  summary: 'How far a rotation of the VAPID key has come',
  access: 'key',
  scope: 'read',
  answers: {
    200: {
      description: 'The current key first, then the others by how much they are used.',
      body: vapidKeyList,
    },
  },
  errors: [],
});

const rotateRoute = defineRoute({
  method: 'post',
  path: `${VAPID_KEYS_PATH}/rotate`,
  operationId: 'rotateVapidKey',
  tag: 'Subscriptions',
  summary: 'Make a new VAPID key',
  description:
    'It is in use after the next start; earlier keys go on signing for those who subscribed with them. Repeated before that start, ' +
    'it makes no second one.',
  access: 'key',
  scope: 'manage',
  answers: {
    200: {
      description: 'The key in use, and the one that waits for a restart.',
      body: rotatedSchema,
    },
  },
  errors: ['vapid_key_set_elsewhere'],
});

export type VapidKeyRoutesOptions = {
  /** The current public key. */
  readonly vapidPublicKey: string;
  readonly vapidKeys: VapidKeys;
};

/** The key that browsers subscribe with now, how many subscriptions still use an earlier one, and a new one. */
export function addVapidKeyRoutes(router: Router, { vapidPublicKey, vapidKeys }: VapidKeyRoutesOptions): void {
  router.add(publicKeyRoute, async () => answer(200, { public_key: vapidPublicKey }));
  router.add(keysRoute, async () => {
    const { movedPercent, movedIsAtLeast, keys, nextPublicKey } = await vapidKeys.progress();
    const items = keys.map(({ publicKey, isCurrent, hasPrivateKey, activeSubscriptions, isAtLeast }) => ({
      public_key: publicKey,
      current: isCurrent,
      held: hasPrivateKey,
      active_subscriptions: activeSubscriptions,
      is_at_least: isAtLeast,
    }));
    return answer(200, {
      next_public_key: nextPublicKey,
      moved_percent: movedPercent,
      moved_is_at_least: movedIsAtLeast,
      items,
    });
  });
  router.add(rotateRoute, async () => {
    const { publicKey, nextPublicKey } = vapidKeys.rotate();
    return answer(200, { public_key: publicKey, next_public_key: nextPublicKey });
  });
}
