import { z } from '@hono/zod-openapi';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';

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
      body: z.strictObject({ public_key: z.string() }).openapi('PublicKey'),
    },
  },
  errors: [],
});

/** The one thing a page needs from Bellhop before a person has agreed to anything. */
export function addPublicKeyRoute(router: Router, options: { readonly vapidPublicKey: string }): void {
  router.add(publicKeyRoute, async () => answer(200, { public_key: options.vapidPublicKey }));
}
