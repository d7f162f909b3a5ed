import { z } from '@hono/zod-openapi';
import type { Templates } from '../../intake/templates.ts';
import type { Page } from '../../store/page.ts';
import type { TemplateVersion } from '../../store/template-store.ts';
import { pageOf } from '../kit/answer-schema.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { pageQuery, pageRequest } from '../kit/wire-fields.ts';
import {
  previewBody,
  previewRequestOf,
  previewSchema,
  previewWire,
  summaryWire,
  templateBody,
  templateSchema,
  templateSummarySchema,
  templateWire,
  unsavedPreviewBody,
  wordingOf,
} from './template-schema.ts';
import { templateKey } from './wording-schema.ts';

const TEMPLATES_PATH = '/v1/templates';
const TEMPLATE_PATH = `${TEMPLATES_PATH}/{key}` as const;
const params = z.object({ key: templateKey.openapi({ description: 'The template’s key.' }) });
const pageOfVersions = pageOf('TemplatePage', templateSummarySchema);

const EXAMPLE: z.input<typeof templateBody> = {
  default_locale: 'en',
  variables: { name: 'string', n: 'number', at: 'datetime', order: 'string' },
  locales: {
    en: {
      title: '{n, plural, one {Your parcel is} other {Your # parcels are}} on the way',
      body: 'Hello {name}: {at, date, full}, about {at, time, short}.',
      url: '/orders/{order}',
    },
    de: {
      title: '{n, plural, one {Dein Paket ist} other {Deine # Pakete sind}} unterwegs',
      body: 'Hallo {name}: {at, date, full}, etwa {at, time, short}.',
      url: '/de/orders/{order}',
    },
  },
};
const VALUES = { name: 'Ada', n: 2, at: '2026-01-31T12:00:00Z', order: '42' };

const listRoute = defineRoute({
  method: 'get',
  path: TEMPLATES_PATH,
  operationId: 'listTemplates',
  tag: 'Templates',
  summary: 'List templates, in order of key',
  access: 'key',
  scope: 'read',
  query: pageQuery,
  answers: { 200: { description: 'One page: the newest version of each.', body: pageOfVersions } },
  errors: ['invalid_cursor'],
});

const getRoute = defineRoute({
  method: 'get',
  path: TEMPLATE_PATH,
  operationId: 'getTemplate',
  tag: 'Templates',
  summary: 'Read a template',
  access: 'key',
  scope: 'read',
  params,
  query: z.object({
    version: z
      .string()
      .regex(/^[1-9]\d{0,8}$/, 'must be a whole number from 1')
      .transform(Number)
      .optional()
      .openapi({ type: 'integer', minimum: 1, maximum: 999_999_999, description: 'Left out, the newest.' }),
  }),
  answers: { 200: { description: 'The template.', body: templateSchema } },
  errors: ['template_not_found'],
});

const versionsRoute = defineRoute({
  method: 'get',
  path: `${TEMPLATE_PATH}/versions`,
  operationId: 'listTemplateVersions',
  tag: 'Templates',
  summary: 'List the versions of a template, newest first',
  access: 'key',
  scope: 'read',
  params,
  query: pageQuery,
  answers: { 200: { description: 'One page.', body: pageOfVersions } },
  errors: ['invalid_cursor', 'template_not_found'],
});

const putRoute = defineRoute({
  method: 'put',
  path: TEMPLATE_PATH,
  operationId: 'putTemplate',
  tag: 'Templates',
  summary: 'Say what a template says from now on',
  description:
    'Makes a version, unless the newest one says the same. A version never changes: what was accepted with an earlier one is sent ' +
    'as that one has it. Every text is checked.',
  access: 'key',
  scope: 'manage',
  params,
  body: { schema: templateBody, example: EXAMPLE, required: true },
  answers: { 200: { description: 'The template as it is now.', body: templateSchema } },
  errors: ['invalid_template'],
});

const deleteRoute = defineRoute({
  method: 'delete',
  path: TEMPLATE_PATH,
  operationId: 'deleteTemplate',
  tag: 'Templates',
  summary: 'Delete a template',
  description:
    'No notification can name it any more. Those that did before are sent. Refused while a schedule names it.',
  access: 'key',
  scope: 'manage',
  params,
  answers: { 204: { description: 'It is deleted.', body: null } },
  errors: ['template_not_found', 'template_in_use'],
});

const previewRoute = defineRoute({
  method: 'post',
  path: `${TEMPLATE_PATH}/preview`,
  operationId: 'previewTemplate',
  isUnaudited: 'reads',
  tag: 'Templates',
  summary: 'See what readers of a template would get',
  access: 'key',
  scope: 'read',
  params,
  body: { schema: previewBody, example: { variables: VALUES, time_zone: 'Europe/Berlin' }, required: true },
  answers: { 200: { description: 'The text of each locale.', body: previewSchema } },
  errors: ['template_not_found', 'invalid_variables'],
});

const previewUnsavedRoute = defineRoute({
  method: 'post',
  path: `${TEMPLATES_PATH}/preview`,
  operationId: 'previewUnsavedTemplate',
  isUnaudited: 'reads',
  tag: 'Templates',
  summary: 'See what a template would say that is not kept yet',
  access: 'key',
  scope: 'read',
  body: { schema: unsavedPreviewBody, example: { template: EXAMPLE, variables: VALUES }, required: true },
  answers: { 200: { description: 'The text of each locale.', body: previewSchema } },
  errors: ['invalid_template', 'invalid_variables'],
});

/** What notifications say, kept under a key. */
export function addTemplateRoutes(router: Router, templates: Templates): void {
  router.add(listRoute, async ({ query }) => answer(200, pageWire(await templates.list(pageRequest(query)))));
  // Before those with a key: `preview` is none here.
  router.add(previewUnsavedRoute, async ({ body }) => {
    const items = await templates.preview(wordingOf(body.template), previewRequestOf(body));
    return answer(200, { items: items.map(previewWire) });
  });
  router.add(getRoute, async ({ params: { key }, query: { version } }) =>
    answer(200, templateWire(await templates.get(key, version ?? null))),
  );
  router.add(putRoute, async ({ params: { key }, body }) =>
    answer(200, templateWire(await templates.put(key, wordingOf(body)))),
  );
  router.add(deleteRoute, async ({ params: { key } }) => {
    await templates.delete(key);
    return answer(204, null);
  });
  router.add(versionsRoute, async ({ params: { key }, query }) =>
    answer(200, pageWire(await templates.versions({ ...pageRequest(query), key }))),
  );
  router.add(previewRoute, async ({ params: { key }, body }) => {
    const items = await templates.preview({ key, version: body.version ?? null }, previewRequestOf(body));
    return answer(200, { items: items.map(previewWire) });
  });
}

function pageWire({ items, next }: Page<TemplateVersion>) {
  return { items: items.flatMap(summaryWire), next_cursor: next };
}
