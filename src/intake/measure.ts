import { AppError } from '../domain/app-error.ts';
import type { CompiledLocale } from '../domain/content/compiled-wording.ts';
import { ANYONE, type Compose } from '../domain/content/compose.ts';
import { largestFieldOf } from '../domain/content/payload.ts';
import { type Renderer, renderText } from '../domain/content/renderer.ts';
import { RenderError } from '../domain/content/rendering.ts';
import { mostOctets, sizeBoundOf, sizesOf, type ValueSizes } from '../domain/content/size-bound.ts';
import type { Values } from '../domain/content/wording.ts';
import { saidBy } from '../domain/experiment/variant-content.ts';
import { MAX_PAYLOAD_OCTETS, type Notification, type PayloadSource } from '../domain/notification/notification.ts';
import type { Wordings } from '../store/wordings.ts';
import type { RecipientValues } from './value-check.ts';

/** How large payloads are before encryption: the largest, and in each locale the largest that was made; null where all get the same. */
export type Measured = { readonly octets: number; readonly byLocale: Readonly<Record<string, number>> | null };

type MeasureOptions = { readonly compose: Compose; readonly serverZone: string };

/** What a notification says to some of its users, or to all. */
type Said = { readonly notification: Notification; readonly renderer: Renderer | null };

/** Measures all that a notification can say to those whom it may go to. Throws `payload_too_large`. */
export async function measureAll(
  options: MeasureOptions,
  said: readonly Said[],
  recipients: RecipientValues | null,
): Promise<Measured> {
  let largest: Measured = { octets: 0, byLocale: null };
  for (const { notification, renderer } of said) {
    const { octets, byLocale } = await measure(options, notification, renderer, recipients);
    largest = { octets: Math.max(largest.octets, octets), byLocale: largerBy(largest.byLocale, byLocale) };
  }
  return largest;
}

function largerBy(one: Measured['byLocale'], other: Measured['byLocale']): Measured['byLocale'] {
  if (one === null || other === null) return one ?? other;
  const locales = Object.entries(other).map(([locale, octets]) => [locale, Math.max(one[locale] ?? 0, octets)]);
  return { ...one, ...Object.fromEntries(locales) };
}

/** Measures one text for all whom it may go to. */
async function measure(
  options: MeasureOptions,
  notification: Notification,
  renderer: Renderer | null,
  recipients: RecipientValues | null,
): Promise<Measured> {
  if (renderer === null) {
    const { octets } = options.compose(notification, ANYONE);
    if (octets > MAX_PAYLOAD_OCTETS) throw tooLarge(octets, notification, {});
    return { octets, byLocale: null };
  }
  const byLocale: Record<string, number> = {};
  const shared = notification.content.worded?.values ?? {};
  const sizes = recipients?.values.map((own) => sizesOf({ ...shared, ...own })) ?? [];
  for (const text of renderer.compiled.locales.values()) {
    const measuring = { ...options, notification, renderer, text };
    byLocale[text.locale] =
      recipients === null ? octetsOf(measuring, '', null) : await largestOf(measuring, recipients, sizes);
  }
  return { octets: Math.max(...Object.values(byLocale)), byLocale };
}

/**
 * The size of one that was accepted before, with the very text that it was accepted with; 0 where that, or the values of its recipients,
 * cannot be had any more.
 */
export async function measureAgain(
  options: MeasureOptions & { readonly wordings: Pick<Wordings, 'rendererOf'> },
  notification: Notification,
  recipients: RecipientValues | null,
): Promise<number> {
  try {
    const said: Said[] = [];
    for (const one of saidBy(notification))
      said.push({ notification: one, renderer: await options.wordings.rendererOf(one) });
    return (await measureAll(options, said, recipients)).octets;
  } catch (error) {
    if (error instanceof RenderError || error instanceof AppError) return 0;
    throw error;
  }
}

type Measuring = MeasureOptions & {
  readonly notification: Notification;
  readonly renderer: Renderer;
  readonly text: CompiledLocale;
};

/** Others have their turn after so many payloads. */
const MADE_AT_ONCE = 200;

/**
 * The size for the recipient whose values are longest. All others are known to be small enough by what their payload can be at most;
 * where it could be too large, it is made.
 */
async function largestOf(
  measuring: Measuring,
  { userIds, values }: RecipientValues,
  sizes: readonly ValueSizes[],
): Promise<number> {
  const { renderer, text, notification } = measuring;
  const bound = sizeBoundOf(renderer.library, text, notification);
  let [longest, longestOctets, made, most] = [0, -1, 0, 0];
  for (const [index, size] of sizes.entries()) {
    const octets = mostOctets(bound, size);
    if (octets > longestOctets) [longest, longestOctets] = [index, octets];
    if (octets <= MAX_PAYLOAD_OCTETS) continue;
    most = Math.max(most, octetsOf(measuring, userIds[index] ?? '', values[index] ?? null));
    made += 1;
    if (made % MADE_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return Math.max(most, octetsOf(measuring, userIds[longest] ?? '', values[longest] ?? null));
}

function octetsOf(measuring: Measuring, userId: string, values: Values | null): number {
  const { compose, notification, renderer, text, serverZone: zone } = measuring;
  const { locale } = text;
  const reader = { userId, values, zone, deviceLocale: locale, userLocale: null };
  const { octets } = compose(notification, reader, renderer);
  if (octets <= MAX_PAYLOAD_OCTETS) return octets;
  const content = renderText(renderer, text, notification.content, values, zone);
  throw tooLarge(octets, { ...notification, content }, { locale, ...(values !== null && { user_id: userId }) });
}

function tooLarge(
  octets: number,
  source: PayloadSource,
  whose: { readonly locale?: string; readonly user_id?: string },
) {
  const largestField = largestFieldOf(source);
  const { locale, user_id: userId } = whose;
  const { variant } = source.content;
  const of = variant === undefined ? '' : ` of variant “${variant}”`;
  const where = locale === undefined ? '' : ` in “${locale}”`;
  const to = userId === undefined ? '' : ` to “${userId}”`;
  return new AppError(
    'payload_too_large',
    `The payload${of}${where}${to} would be ${octets} octets, and push services take ${MAX_PAYLOAD_OCTETS}. The largest field is ` +
      `“${largestField}”; shorten it, or send a link to the rest.`,
    {
      size_octets: octets,
      limit_octets: MAX_PAYLOAD_OCTETS,
      largest_field: largestField,
      ...whose,
      ...(variant !== undefined && { variant }),
    },
  );
}
