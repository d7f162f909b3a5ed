import { z } from '@hono/zod-openapi';
import { MAX_LINK_LENGTH } from '../../domain/content/link.ts';
import { CLICK_PATH, leadsToSite } from '../../domain/content/told-link.ts';
import { RECEIPT_EVENTS } from '../../domain/receipt/receipt.ts';
import type { Receipts } from '../../intake/receipts.ts';
import { answerBody } from '../kit/answer-schema.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { ANY_TEXT, instantText } from '../kit/wire-fields.ts';

/** What a worker that was offline for days has gathered, it tells in several calls. */
const MOST_AT_ONCE = 50;

const token = z
  .string()
  .min(1)
  .max(200)
  .openapi({
    pattern: ANY_TEXT,
    description: '`receipt.token` of the payload.',
    example: `r1.${'0'.repeat(26)}_${'0'.repeat(26)}.${'A'.repeat(22)}`,
  });

/** Whatever it is: one that the notification does not have counts as none. */
const action = z
  .string()
  .max(64)
  .optional()
  .openapi({ pattern: ANY_TEXT, description: 'Of the button, with `clicked`.' });

const told = z
  .strictObject({
    token,
    event: z.enum(RECEIPT_EVENTS),
    action,
    at: instantText.optional().openapi({ description: 'When it happened, by the device’s clock. Left out: now.' }),
  })
  .openapi('ReceiptInput');

const tellRoute = defineRoute({
  method: 'post',
  path: '/v1/receipts',
  operationId: 'tellReceipts',
  tag: 'Receipts',
  summary: 'Tell that notifications were shown, clicked or closed',
  description:
    'What Bellhop’s service worker calls. It takes no key: each receipt has the token of its push. Each is kept once; what this ' +
    'server does not ask for, and what has no token of it, is ignored.',
  access: 'open',
  body: {
    schema: z
      .strictObject({
        receipts: z
          .array(told)
          .min(1, 'must hold at least one')
          .max(MOST_AT_ONCE, `must be at most ${MOST_AT_ONCE}; tell the rest in further calls`),
      })
      .openapi('ReceiptsInput'),
    example: {
      receipts: [
        {
          token: `r1.${'0'.repeat(26)}_${'0'.repeat(26)}.${'A'.repeat(22)}`,
          event: 'shown',
          at: '2026-01-31T12:00:00.000Z',
        },
      ],
    },
    required: true,
  },
  answers: {
    200: {
      description: 'What became of them. A device that tells again need not know.',
      body: answerBody('ReceiptsTold', {
        kept: z.int(),
        repeated: z.int().openapi({ description: 'Known already.' }),
        ignored: z.int().openapi({ description: 'Not asked for, or with no token of this server.' }),
      }),
    },
  },
  errors: ['too_many_requests', 'store_unavailable'],
});

const clickRoute = defineRoute({
  method: 'get',
  path: CLICK_PATH,
  operationId: 'followClick',
  tag: 'Receipts',
  summary: 'Tell of a click, and lead to the page',
  description:
    'Where a click on a notification leads that Safari shows without a service worker. It leads to pages of `SITE_URL` ' +
    'alone, and in place of any other address to that site’s first page; whatever becomes of the receipt.',
  access: 'open',
  query: z.object({
    token: z.string().max(200).default('').openapi({ description: 'Of the push.' }),
    action,
    to: z
      .string()
      .min(1)
      .max(4 * MAX_LINK_LENGTH)
      .openapi({ description: 'The page, an address of the site.', example: 'https://app.example.com/orders/42' }),
  }),
  answers: {
    302: { description: 'To the page.', body: null, headers: { Location: 'The page.' } },
  },
  errors: [],
});

/** `siteUrl`: the origin of the pages that clicks lead to; null where none are led through here. */
export type ReceiptRoutesOptions = { readonly receipts: Receipts; readonly siteUrl: string | null };

/** What devices tell. */
export function addReceiptRoutes(router: Router, { receipts, siteUrl }: ReceiptRoutesOptions): void {
  router.add(tellRoute, async ({ body }) => {
    const told = body.receipts.map(({ token, event, action = '', at }) => ({
      token,
      event,
      action,
      atMs: at === undefined ? null : Date.parse(at),
    }));
    return answer(200, await receipts.tell(told));
  });
  if (siteUrl === null) return;
  router.add(clickRoute, async ({ query: { token, action = '', to } }) => {
    // A person who clicks waits for the page and for nothing else, and gets it when the store is away, too.
    await receipts.tell([{ token, event: 'clicked', action, atMs: null }]).catch(() => null);
    const page = leadsToSite(to, siteUrl) ? new URL(to).href : `${siteUrl}/`;
    return answer(302, null, { Location: page, 'Referrer-Policy': 'no-referrer' });
  });
}
