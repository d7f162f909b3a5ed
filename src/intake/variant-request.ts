import { Buffer } from 'node:buffer';
import { AppError } from '../domain/app-error.ts';
import type { Renderer } from '../domain/content/renderer.ts';
import type { ExperimentPlan } from '../domain/experiment/experiment.ts';
import type { NotificationContent } from '../domain/notification/notification.ts';
import type { RecipientValues } from './value-check.ts';
import {
  type SourcedWording,
  sourceWording,
  type WordingOptions,
  type WordingRequest,
  wordContent,
  wordedBy,
} from './wording-request.ts';

/** What a caller wants said: as a variant, or to all. Then the content has a title only where there is no wording. */
type SaidRequest = { readonly content: NotificationContent; readonly wording: WordingRequest | null };

/** The experiment that a caller asks for. */
export type ExperimentRequest = ExperimentPlan<SaidRequest>;

/** The content, and what writes its text, or else that of each of its variants; null for a text that is the same for all. */
export type SaidContents = { readonly content: NotificationContent; readonly renderers: readonly (Renderer | null)[] };

type Asked = SaidRequest & { readonly experiment?: ExperimentRequest | undefined };

/** As JSON, all variants together: a notification is read for each batch of deliveries. */
const MAX_VARIANTS_OCTETS = 128 * 1024;

/** Looks up what a notification says, in each of its variants. Throws what `wordContent` throws, and `invalid_experiment`. */
export async function wordRequest(
  options: WordingOptions,
  { content, wording, experiment }: Asked,
  recipients: RecipientValues | null,
): Promise<SaidContents> {
  if (experiment === undefined) {
    const worded = await wordContent(options, content, wording, recipients);
    return { content: worded.content, renderers: [worded.renderer] };
  }
  const sources: (SourcedWording | null)[] = [];
  for (const { content: said } of experiment.variants)
    sources.push(said.wording === null ? null : await sourceWording(options, said.wording, recipients));
  // One that a variant does not use may be another’s.
  const names = new Set(sources.flatMap((source) => Object.keys(source?.renderer.compiled.variables ?? {})));
  const variants = experiment.variants.map(({ key, weight, content: said }, index) => {
    const source = sources[index] ?? null;
    if (source === null || said.wording === null) return { key, weight, content: saidIn(said.content) };
    const worded = wordedBy(options, { ...said, wording: said.wording }, source, { recipients, elsewhere: names });
    return { key, weight, content: saidIn(worded.content) };
  });
  refuseLarge(variants);
  const shown = variants[0]?.content ?? content;
  return {
    content: { ...shown, type: content.type, experiment: { ...experiment, variants } },
    renderers: sources.map((source) => source?.renderer ?? null),
  };
}

function saidIn({ type: _, ...said }: NotificationContent): Omit<NotificationContent, 'type'> {
  return said;
}

function refuseLarge(variants: readonly object[]): void {
  const octets = Buffer.byteLength(JSON.stringify(variants));
  if (octets <= MAX_VARIANTS_OCTETS) return;
  const words = `All variants together have ${octets} octets, and may have ${MAX_VARIANTS_OCTETS}. Templates keep texts by themselves.`;
  throw new AppError('invalid_experiment', words, { path: 'variants', size_octets: octets });
}
