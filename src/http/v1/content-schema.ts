import { z } from '@hono/zod-openapi';
import { isLink, MAX_LINK_LENGTH } from '../../domain/content/link.ts';
import { MAX_ACTIONS, type NotificationAction, OPEN_IN, TEXT_DIRECTIONS } from '../../domain/content/shown-content.ts';
import { CONTROL, plainText } from '../kit/wire-fields.ts';

/** What a notification may link to. A leading `//` or `/\\` would name a host of whatever scheme the page has. */
export const link = z
  .string()
  .max(MAX_LINK_LENGTH)
  .refine(isLink, 'must be an http(s) URL, or a path that starts with one “/”')
  .openapi({
    pattern: `^([Hh][Tt][Tt][Pp][Ss]?://[^\\s${CONTROL}]*|/([^/\\\\\\s${CONTROL}][^\\s${CONTROL}]*)?)$`,
    example: '/orders/42',
  });

/** A button. Some browsers show none, so nothing may depend on one. */
const action = z
  .strictObject({
    action: plainText(64).openapi({ description: 'What your service worker is told when it is pressed.' }),
    title: plainText(100),
    icon: link.optional(),
    url: link.optional().openapi({ description: 'Where it leads, if not where the notification does.' }),
  })
  .openapi('NotificationActionInput');

export const actions = z
  .array(action)
  .min(1, 'must hold at least one, or be left out')
  .max(MAX_ACTIONS, `must be at most ${MAX_ACTIONS}: browsers show no more`)
  .refine((all) => new Set(all.map((one) => one.action)).size === all.length, 'must have different `action` names');

const LONGEST_VIBRATION_MS = 10_000;

/** How it is shown, where the browser can do that. */
export const display = {
  image: link.optional().openapi({ description: 'A large picture, where there is room for one.' }),
  dir: z.enum(TEXT_DIRECTIONS).optional().openapi({ description: 'Of the text. Left out, it is `auto`: as it reads.' }),
  require_interaction: z.boolean().optional().openapi({ description: 'It stays until somebody deals with it.' }),
  silent: z.boolean().optional().openapi({ description: 'No sound and no vibration.' }),
  vibrate: z
    .array(z.int().min(0).max(LONGEST_VIBRATION_MS))
    .min(1, 'must hold at least one, or be left out')
    .max(20)
    .optional()
    .openapi({ description: 'Milliseconds: on, off, on, … Not with `silent`.' }),
  renotify: z.boolean().optional().openapi({
    description: 'Whether it alerts again where it takes the place of another with its topic. The default is true.',
  }),
};

/** Where a click opens what it leads to. */
export const openIn = z
  .enum(OPEN_IN)
  .optional()
  .openapi({
    description:
      'Where that opens: an open page of the site (`site_tab`, the default), only one that shows the `url` already ' +
      '(`page_tab`), or always a new one (`new_tab`). Without such a page, a new one.',
  });

export const data = z
  .record(z.string(), z.unknown())
  .optional()
  .openapi({ description: 'Whatever your service worker needs.' });

type Present<T> = { [Name in keyof T as undefined extends T[Name] ? never : Name]: T[Name] } & {
  [Name in keyof T as undefined extends T[Name] ? Name : never]?: Exclude<T[Name], undefined>;
};

/** Without the fields that are undefined. */
export function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
}

/** An action without the fields that are undefined. */
export function actionOf({ action, title, icon, url }: z.output<typeof actions>[number]): NotificationAction {
  return present({ action, title, icon, url });
}
