import type { NotificationContent } from '../notification/notification.ts';
import type { CompiledField, CompiledLocale } from './compiled-wording.ts';
import { type FormatValues, formatMessage } from './format-message.ts';
import { isLink, MAX_LINK_LENGTH } from './link.ts';
import { writeLink } from './link-pattern.ts';
import type { MessageLibrary } from './message-library.ts';
import { mapPatterns } from './pattern-fields.ts';

/** Why a text could not be made, though its wording and its values were accepted. */
export class RenderError extends Error {
  readonly locale: string;

  constructor(locale: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'RenderError';
    this.locale = locale;
  }
}

/** The values of a reader, and the zone in which dates and times are shown. */
export type RenderInput = { readonly values: FormatValues; readonly zone: string };

/**
 * The content in one locale. Fields of the notification stand where the locale’s text says nothing. Throws `RenderError` where
 * anything is missing, blank, no link, or cannot be written by this runtime’s `Intl`: nothing half made is ever given.
 */
export function renderLocale(
  library: MessageLibrary,
  compiled: CompiledLocale,
  base: NotificationContent,
  input: RenderInput,
): NotificationContent {
  const { locale, direction, fields } = compiled;
  const text = mapPatterns(compiled.text, (path) => {
    const field = fields.get(path);
    if (field === undefined) throw new RenderError(locale, `${path} was not read`);
    return renderField(library, locale, field, path, input);
  });
  const { worded: _, ...plain } = base;
  return { ...plain, dir: direction, ...text, locale };
}

function renderField(
  library: MessageLibrary,
  locale: string,
  field: CompiledField,
  path: string,
  { values, zone }: RenderInput,
): string {
  try {
    if (field.kind === 'link') {
      const link = writeLink(field.link, values);
      if (link.length <= MAX_LINK_LENGTH && isLink(link)) return link;
      throw new RenderError(locale, `${path} is no link`);
    }
    const text = formatMessage(library, locale, field.message.elements, values, zone);
    if (text.trim() !== '') return text;
    throw new RenderError(locale, `${path} is blank`);
  } catch (error) {
    if (error instanceof RenderError) throw error;
    throw new RenderError(locale, error instanceof Error ? error.message.slice(0, 200) : 'cannot be written', error);
  }
}
