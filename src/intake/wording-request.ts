import { Buffer } from 'node:buffer';
import { AppError } from '../domain/app-error.ts';
import { type Renderer, renderText } from '../domain/content/renderer.ts';
import { inferVariables } from '../domain/content/values.ts';
import {
  MAX_INLINE_OCTETS,
  type Values,
  type Worded,
  type Wording,
  type WordingProblem,
} from '../domain/content/wording.ts';
import type { NotificationContent } from '../domain/notification/notification.ts';
import type { TemplateStore } from '../store/template-store.ts';
import type { Wordings } from '../store/wordings.ts';
import { checkValues, type RecipientValues } from './value-check.ts';

/** What a notification says where that is not the same for all: a template, or locales of its own; and the values of its variables. */
export type WordingRequest = {
  readonly source:
    | { readonly kind: 'template'; readonly key: string /** Null: the newest. */; readonly version: number | null }
    | { readonly kind: 'inline'; readonly wording: Omit<Wording, 'variables'> };
  readonly values: Values;
};

export type WordingOptions = {
  readonly templates: Pick<TemplateStore, 'get' | 'newest'>;
  readonly wordings: Wordings;
  readonly serverZone: string;
};

/** The content with what it says, checked and read. `renderer` null: the text is the same for all. */
export type WordedContent = { readonly content: NotificationContent; readonly renderer: Renderer | null };

/**
 * Looks up what a notification says, and holds the values against it. Throws `unknown_template`, `invalid_template` and
 * `invalid_variables`: with what passes here, each text can be made.
 */
export async function wordContent(
  options: WordingOptions,
  content: NotificationContent,
  request: WordingRequest | null,
  recipients: RecipientValues | null,
): Promise<WordedContent> {
  if (request === null) return { content, renderer: null };
  const source = await sourceWording(options, request, recipients);
  return wordedBy(options, { content, wording: request }, source, { recipients, elsewhere: new Set() });
}

type Holding = {
  readonly recipients: RecipientValues | null;
  /** Names of variables that values may have though this text has no use for them. */
  readonly elsewhere: ReadonlySet<string>;
};

/** The content with a wording that was read, and the values held against it. Throws `invalid_variables`. */
export function wordedBy(
  options: WordingOptions,
  { content, wording: { values } }: { readonly content: NotificationContent; readonly wording: WordingRequest },
  { source, renderer }: SourcedWording,
  { recipients, elsewhere }: Holding,
): WordedContent {
  const { compiled } = renderer;
  checkValues(compiled, values, recipients, elsewhere);
  const isPersonal = recipients !== null;
  const text = compiled.locales.get(compiled.defaultLocale)?.text ?? { title: '' };
  const worded: Worded = { source, values, isPersonal, shown: text };
  if (isPersonal) return { content: { ...content, title: text.title, worded }, renderer };
  const shown = shownText(renderer, { ...content, worded }, options.serverZone);
  return { content: { ...content, title: shown.title, worded: { ...worded, shown } }, renderer };
}

/** The default locale’s text, made. */
function shownText(renderer: Renderer, content: NotificationContent, zone: string): Worded['shown'] {
  const { locales, defaultLocale } = renderer.compiled;
  const text = locales.get(defaultLocale);
  if (text === undefined) return { title: '' };
  const { title, body, url, icon, image, badge, actions } = renderText(renderer, text, content, null, zone);
  return {
    title,
    ...(body !== undefined && { body }),
    ...(url !== undefined && { url }),
    ...(icon !== undefined && { icon }),
    ...(image !== undefined && { image }),
    ...(badge !== undefined && { badge }),
    ...(actions !== undefined && { actions }),
  };
}

export type SourcedWording = { readonly source: Worded['source']; readonly renderer: Renderer };

/** Looks up a wording, or reads it. Throws `unknown_template` and `invalid_template`. */
export async function sourceWording(
  options: WordingOptions,
  { source, values }: WordingRequest,
  recipients: RecipientValues | null,
): Promise<SourcedWording> {
  if (source.kind === 'template') return templateSource(options, source.key, source.version);
  const { wordings } = options;
  checkSize(source.wording, MAX_INLINE_OCTETS, '/locales');
  const firstValueOf = (name: string) =>
    [values, ...(recipients?.values ?? [])].find((some) => Object.hasOwn(some, name))?.[name];
  const variables = inferVariables(await wordings.library(), source.wording.locales, firstValueOf);
  const wording: Wording = { ...source.wording, variables };
  return { source: { kind: 'inline', wording }, renderer: await readWording(wordings, wording) };
}

async function templateSource(
  { templates, wordings }: WordingOptions,
  key: string,
  asked: number | null,
): Promise<SourcedWording> {
  const newest = await templates.newest(key);
  const found = asked === null || newest?.wording == null ? newest : await templates.get(key, asked);
  if (found?.wording == null) {
    throw unknownTemplate(key, asked, asked === null || newest?.wording == null ? null : asked);
  }
  const template = { key, version: found.version };
  return {
    source: { kind: 'template', template },
    renderer: await wordings.rendererOfTemplate(template, found.wording),
  };
}

/** `lacking`: the version that there is not, of a template that there is. */
export function unknownTemplate(key: string, asked: number | null, lacking: number | null): AppError {
  const which = lacking === null ? 'template' : `version ${lacking} of the template`;
  return new AppError('unknown_template', `There is no ${which} “${key}”. GET /v1/templates lists those there are.`, {
    template: key,
    ...(asked !== null && { version: asked }),
  });
}

/** Throws `invalid_template`, with each problem by locale and field. */
export async function readWording(
  wordings: Pick<Wordings, 'compile' | 'library'>,
  wording: Wording,
): Promise<Renderer> {
  const compiling = await wordings.compile(wording);
  if (compiling.kind === 'compiled') return { library: await wordings.library(), compiled: compiling.compiled };
  const [first] = compiling.problems;
  throw new AppError('invalid_template', first === undefined ? 'The text cannot be read.' : sentenceOf(first), {
    problems: compiling.problems,
  });
}

function sentenceOf({ locale, field, position, message }: WordingProblem): string {
  const where = position === null ? '' : ` at character ${position + 1}`;
  return `In “${locale}”, ${field}${where}: ${message}.`;
}

/** Throws `invalid_template` where a wording is larger than is kept. */
export function checkSize(wording: Omit<Wording, 'variables'>, limitOctets: number, what: string): void {
  const octets = Buffer.byteLength(JSON.stringify(wording));
  if (octets <= limitOctets) return;
  throw new AppError('invalid_template', `All locales together have ${octets} octets, and may have ${limitOctets}.`, {
    field: what,
    size_octets: octets,
    limit_octets: limitOctets,
  });
}
