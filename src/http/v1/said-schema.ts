import { z } from '@hono/zod-openapi';
import type { NotificationContent } from '../../domain/notification/notification.ts';
import type { WordingRequest } from '../../intake/wording-request.ts';
import { instantOrEpochMs, locale } from '../kit/wire-fields.ts';
import { actionOf, actions, data, display, link, openIn, present } from './content-schema.ts';
import {
  defaultLocale,
  localesInput,
  localesOf,
  refuseLocaleNames,
  templateKey,
  valuesOf,
  variableValues,
} from './wording-schema.ts';

const templateInput = z
  .strictObject({
    key: templateKey,
    version: z.int().min(1).optional().openapi({ description: 'Left out, the newest.' }),
    variables: variableValues.optional(),
  })
  .openapi('TemplateUseInput');

/** What is said and shown, by a notification or by one of its variants. */
export const saidFields = {
  template: templateInput.optional().openapi({
    description: 'In place of `title`, `body`, `locale` and `dir`. What the template leaves out is as it is said here.',
  }),
  locales: localesInput
    .optional()
    .openapi({ description: 'As a template, for this notification alone. With `default_locale`.' }),
  default_locale: defaultLocale.optional(),
  variables: variableValues.optional().openapi({ description: 'Of `locales`, for everyone.' }),
  title: z.string().min(1).max(1000).optional().openapi({ description: 'Required without `template` and `locales`.' }),
  body: z.string().max(4000).optional(),
  icon: link.optional(),
  badge: link.optional().openapi({ description: 'A small one-coloured picture, for Android’s status bar.' }),
  url: link.optional().openapi({ description: 'Where a click leads.' }),
  open_in: openIn,
  actions: actions.optional().openapi({ description: 'Buttons. Safari shows none.' }),
  locale: locale.optional(),
  ...display,
  timestamp: instantOrEpochMs
    .refine((at) => typeof at === 'string' || Number.isInteger(at), 'must be a whole number of milliseconds')
    .optional()
    .openapi({ description: 'When that was which it tells of. Epoch milliseconds are understood, too.' }),
  app_badge: z
    .int()
    .min(0)
    .optional()
    .openapi({ format: 'int64', description: 'The number on the icon of the installed app; 0 takes it away.' }),
  data,
};

const saidBody = z.object(saidFields);
type SaidBody = z.output<typeof saidBody>;

export type Refuse = (path: string, message: string) => void;

/** Refuses what does not go together. */
export function refuseWording(
  body: SaidBody & { readonly recipients?: readonly unknown[] | undefined },
  refuse: Refuse,
): void {
  const { template, locales, default_locale: name, variables, recipients, title } = body;
  const worded = template === undefined ? locales && 'locales' : 'template';
  if (template !== undefined && locales !== undefined) refuse('locales', 'cannot go with `template`; send one of them');
  if (template !== undefined && variables !== undefined) refuse('variables', 'go into `template`');
  if (worded === undefined) {
    if (title === undefined) refuse('title', 'is required, or `template` or `locales` in its place');
    if (recipients !== undefined) refuse('recipients', 'go with `template` or `locales`; else name `user_ids`');
    if (variables !== undefined) refuse('variables', 'go with `locales`');
    if (name !== undefined) refuse('default_locale', 'goes with `locales`');
    return;
  }
  for (const field of ['title', 'body', 'locale', 'dir'] as const) {
    if (body[field] !== undefined) refuse(field, `cannot go with \`${worded}\`, which says it`);
  }
  if (template !== undefined && name !== undefined)
    refuse('default_locale', 'cannot go with `template`, which says it');
  if (locales === undefined) return;
  if (name === undefined) refuse('default_locale', 'is required with `locales`');
  else refuseLocaleNames({ default_locale: name, locales }, refuse);
}

/** The wording that is asked for; null where the text is the same for all. */
export function wordingOf({ template, locales, default_locale: name, variables }: SaidBody): WordingRequest | null {
  if (template !== undefined) {
    const { key, version = null, variables: values } = template;
    return { source: { kind: 'template', key, version }, values: valuesOf(values) } as const;
  }
  if (locales === undefined || name === undefined) return null;
  return { source: { kind: 'inline', wording: localesOf(name, locales) }, values: valuesOf(variables) } as const;
}

/** What is said, but for a wording. */
export function contentOf(type: string, body: SaidBody): NotificationContent {
  const { timestamp } = body;
  return present({
    type,
    // Where the text is made for each recipient, it says the title.
    title: body.title ?? '',
    body: body.body,
    icon: body.icon,
    image: body.image,
    badge: body.badge,
    url: body.url,
    openIn: body.open_in,
    actions: body.actions?.map(actionOf),
    locale: body.locale,
    dir: body.dir,
    requireInteraction: body.require_interaction,
    silent: body.silent,
    vibrate: body.vibrate,
    renotify: body.renotify,
    timestampMs: typeof timestamp === 'string' ? Date.parse(timestamp) : timestamp,
    appBadge: body.app_badge,
    data: body.data,
  });
}
