import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import { ANYONE, type Compose } from '../domain/content/compose.ts';
import { renderText, textFor } from '../domain/content/renderer.ts';
import { MAX_TEMPLATE_OCTETS, type Values, type Wording } from '../domain/content/wording.ts';
import { notificationId, type Random } from '../domain/ids.ts';
import type { NotificationContent } from '../domain/notification/notification.ts';
import { type Schedule, templateKeysIn } from '../domain/schedule/schedule.ts';
import type { Page } from '../store/page.ts';
import type { ScheduleStore } from '../store/schedule-store.ts';
import type { TemplateStore, TemplateVersion } from '../store/template-store.ts';
import type { Wordings } from '../store/wordings.ts';
import { checkValues } from './value-check.ts';
import { checkSize, readWording } from './wording-request.ts';

/** A version that can be used. */
export type Template = TemplateVersion & { readonly wording: Wording };

type PreviewRequest = {
  readonly values: Values;
  /** The one that such a reader gets; null: all. */
  readonly locale: string | null;
  /** In which dates and times are shown; null: the server’s. */
  readonly zone: string | null;
};

/** What a reader of one locale would get. */
export type Preview = { readonly locale: string; readonly content: NotificationContent; readonly octets: number };

/** What callers keep as templates, and see of them. */
export type Templates = {
  /** Makes a version, unless the newest one says the same: then that one. Throws `invalid_template`. */
  put(key: string, wording: Wording): Promise<Template>;
  /** Null: the newest. Throws `template_not_found`. */
  get(key: string, version: number | null): Promise<Template>;
  list: TemplateStore['list'];
  /** Newest first. Throws `template_not_found`. */
  versions: TemplateStore['versions'];
  /** It can be named no more; what was accepted with it is sent. Throws `template_not_found`, and `template_in_use` where schedules name it. */
  delete(key: string): Promise<void>;
  /** Of a template that is kept, by its key, or of one that is not. Throws what a notification would be refused for. */
  preview(
    of: { readonly key: string; readonly version: number | null } | Wording,
    request: PreviewRequest,
  ): Promise<readonly Preview[]>;
};

export type TemplatesOptions = {
  readonly store: TemplateStore;
  readonly schedules: Pick<ScheduleStore, 'list'>;
  readonly wordings: Wordings;
  readonly compose: Compose;
  readonly clock: Clock;
  readonly random: Random;
  readonly serverZone: string;
};

export function createTemplates(options: TemplatesOptions): Templates {
  const { store } = options;
  const get = async (key: string, version: number | null): Promise<Template> => {
    const newest = await store.newest(key);
    // Of one that was deleted no version can be had.
    const found = version === null || newest?.wording == null ? newest : await store.get(key, version);
    return usable(found) ?? notFound();
  };
  return {
    get,
    put: (key, wording) => put(options, key, wording),
    list: (query) => store.list(query),
    async versions(query) {
      await get(query.key, null);
      return store.versions(query);
    },
    delete: (key) => remove(options, key),
    async preview(of, request) {
      const wording = 'key' in of ? (await get(of.key, of.version)).wording : of;
      return preview(options, wording, request);
    },
  };
}

function usable(version: TemplateVersion | null): Template | null {
  return version?.wording == null ? null : { ...version, wording: version.wording };
}

async function put(options: TemplatesOptions, key: string, wording: Wording): Promise<Template> {
  const { store, wordings, clock } = options;
  checkSize(wording, MAX_TEMPLATE_OCTETS, '/locales');
  await readWording(wordings, wording);
  for (;;) {
    const newest = await store.newest(key);
    const same = usable(newest);
    if (same !== null && isDeepStrictEqual(same.wording, wording)) return same;
    const next = { key, version: (newest?.version ?? 0) + 1, wording, createdAtMs: clock.now() };
    // Else somebody was faster, and may have said the same.
    if (await store.add(next)) return next;
  }
}

async function remove({ store, schedules, clock }: TemplatesOptions, key: string): Promise<void> {
  for (;;) {
    const newest = usable(await store.newest(key)) ?? notFound();
    // Before schedules are read: one that comes to name it after that makes it one more.
    const namings = await store.namings(key, newest.version);
    refuseInUse(await schedulesNaming(schedules, key));
    if (await store.remove({ key, version: newest.version + 1, createdAtMs: clock.now() }, namings)) return;
  }
}

const PAGE = 200;
const MOST_NAMED = 20;

/** The keys of schedules that name a template, some more than are told. Schedules are few: people write them. */
async function schedulesNaming(schedules: Pick<ScheduleStore, 'list'>, key: string): Promise<readonly string[]> {
  const keys: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Schedule> = await schedules.list({ cursor, limit: PAGE });
    keys.push(
      ...page.items.filter((schedule) => templateKeysIn(schedule).includes(key)).map((schedule) => schedule.key),
    );
    cursor = page.next;
  } while (cursor !== null && keys.length <= MOST_NAMED);
  return keys;
}

function refuseInUse(keys: readonly string[]): void {
  if (keys.length === 0) return;
  const told = keys.slice(0, MOST_NAMED);
  const more = keys.length > MOST_NAMED ? ', and more' : '';
  const message = `Schedules name this template: ${told.join(', ')}${more}. Change or delete them first.`;
  throw new AppError('template_in_use', message, { schedules: told });
}

async function preview(
  options: TemplatesOptions,
  wording: Wording,
  { values, locale, zone }: PreviewRequest,
): Promise<readonly Preview[]> {
  checkSize(wording, MAX_TEMPLATE_OCTETS, '/locales');
  const renderer = await readWording(options.wordings, wording);
  checkValues(renderer.compiled, values, null);
  const texts =
    locale === null
      ? [...renderer.compiled.locales.values()]
      : [textFor(renderer, { deviceLocale: locale, userLocale: null })];
  return texts.map((text) => {
    const content = renderText(renderer, text, { type: 'preview', title: '' }, values, zone ?? options.serverZone);
    return { locale: text.locale, content, octets: octetsOf(options, content) };
  });
}

/** As part of a notification with an id of its own. */
function octetsOf({ compose, clock, random }: TemplatesOptions, content: NotificationContent): number {
  const id = notificationId(clock.now(), random);
  return compose({ id, topic: null, content }, ANYONE).octets;
}

function notFound(): never {
  throw new AppError('template_not_found', 'There is no such template. GET /v1/templates lists those there are.');
}
