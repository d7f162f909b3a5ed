import { type Compiling, compileWording } from '../domain/content/compiled-wording.ts';
import { sourceIdOf } from '../domain/content/compose.ts';
import { loadMessageLibrary, type MessageLibrary } from '../domain/content/message-library.ts';
import type { Renderer } from '../domain/content/renderer.ts';
import { RenderError } from '../domain/content/rendering.ts';
import type { TemplateRef, Wording } from '../domain/content/wording.ts';
import type { Notification } from '../domain/notification/notification.ts';
import type { TemplateStore } from './template-store.ts';

/** What notifications say, read and ready to be written. */
export type Wordings = {
  /** Null where the text is the same for all. Rejects with `RenderError` where it cannot be read. */
  rendererOf(notification: Pick<Notification, 'id' | 'content'>): Promise<Renderer | null>;
  /** Of a version that was looked up just now. Rejects with `RenderError`. */
  rendererOfTemplate(template: TemplateRef, wording: Wording): Promise<Renderer>;
  /** Reads a wording that nobody has accepted yet. */
  compile(wording: Wording): Promise<Compiling>;
  library(): Promise<MessageLibrary>;
};

/** Of the wordings that are kept, as JSON: read, one takes some ten times as much memory. */
const MOST_KEPT_LENGTH = 2 * 1024 * 1024;

/** Keeps those that were read last: a version never changes, and neither does a notification’s own wording. */
export function createWordings(templates: Pick<TemplateStore, 'get'>): Wordings {
  const kept = new Map<string, { readonly renderer: Promise<Renderer>; length: number }>();
  let keptLength = 0;
  let loading: Promise<MessageLibrary> | null = null;
  const library = (): Promise<MessageLibrary> => {
    loading ??= loadMessageLibrary();
    return loading;
  };
  const forget = (key: string): void => {
    keptLength -= kept.get(key)?.length ?? 0;
    kept.delete(key);
  };
  const noteLength = (key: string, wording: Wording): void => {
    const entry = kept.get(key);
    if (entry === undefined) return;
    entry.length = JSON.stringify(wording).length;
    keptLength += entry.length;
    for (const oldest of kept.keys()) {
      if (keptLength <= MOST_KEPT_LENGTH || kept.size < 2) return;
      forget(oldest);
    }
  };
  const keptOr = (key: string, find: () => Wording | Promise<Wording>): Promise<Renderer> => {
    const known = kept.get(key);
    if (known !== undefined) {
      // The one that was not asked for longest goes first.
      kept.delete(key);
      kept.set(key, known);
      return known.renderer;
    }
    const renderer = (async () => {
      const wording = await find();
      const compiling = compileWording(await library(), wording);
      if (compiling.kind === 'problems') throw unreadable(compiling.problems[0]);
      noteLength(key, wording);
      return { library: await library(), compiled: compiling.compiled };
    })();
    kept.set(key, { renderer, length: 0 });
    renderer.catch(() => forget(key));
    return renderer;
  };
  return {
    library,
    compile: async (wording) => compileWording(await library(), wording),
    rendererOfTemplate: (template, wording) => keptOr(keyOf(template), () => wording),
    async rendererOf(notification) {
      const { worded } = notification.content;
      if (worded === undefined) return null;
      const { source } = worded;
      if (source.kind === 'inline') return keptOr(sourceIdOf(notification), () => source.wording);
      return keptOr(keyOf(source.template), () => wordingOf(templates, source.template));
    },
  };
}

/** No id of a notification has a space. */
function keyOf({ key, version }: TemplateRef): string {
  return `${key} ${version}`;
}

async function wordingOf(templates: Pick<TemplateStore, 'get'>, { key, version }: TemplateRef): Promise<Wording> {
  const wording = (await templates.get(key, version))?.wording ?? null;
  if (wording === null) throw new RenderError('', `there is no version ${version} of the template ${key}`);
  return wording;
}

function unreadable(
  problem: { readonly locale: string; readonly field: string; readonly message: string } | undefined,
) {
  return new RenderError(problem?.locale ?? '', `${problem?.field} ${problem?.message}`);
}
