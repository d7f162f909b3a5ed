import type { NotificationContent } from '../notification/notification.ts';
import type { CompiledLocale, CompiledWording } from './compiled-wording.ts';
import { chooseLocale, type Reader } from './locale-choice.ts';
import type { MessageLibrary } from './message-library.ts';
import { RenderError, renderLocale } from './rendering.ts';
import { formatValuesOf } from './values.ts';
import type { Values } from './wording.ts';

/** A wording that was read, and what writes its texts. */
export type Renderer = { readonly library: MessageLibrary; readonly compiled: CompiledWording };

/** The text that a reader gets, by what they read. */
export function textFor({ compiled }: Renderer, reader: Reader): CompiledLocale {
  const { locales, defaultLocale } = compiled;
  const locale = chooseLocale(locales, defaultLocale, reader);
  const text = locales.get(locale);
  if (text === undefined) throw new RenderError(locale, 'there is no text in the default locale');
  return text;
}

/** The content with the values of the notification and, before those, the reader’s own. Throws `RenderError`. */
export function renderText(
  { library, compiled }: Renderer,
  text: CompiledLocale,
  content: NotificationContent,
  own: Values | null,
  zone: string,
): NotificationContent {
  const shared = content.worded?.values ?? {};
  const values = formatValuesOf(compiled, own === null ? shared : { ...shared, ...own });
  return renderLocale(library, text, content, { values, zone });
}
