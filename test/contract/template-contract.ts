import { expect, it } from 'vitest';
import { usersNamed } from '../../src/domain/audience/audience.ts';
import type { Wording } from '../../src/domain/content/wording.ts';
import type { TemplateVersion } from '../../src/store/template-store.ts';
import { fanOutAt } from '../support/fan-out-at.ts';
import { NOW_MS, sampleAcceptance, sampleNotification } from '../support/samples.ts';
import { freshStore, type OpenStore } from './fresh-store.ts';

const VARIABLES = JSON.parse('{"constructor":"string","n":"number"}') as Wording['variables'];
const WORDING: Wording = {
  defaultLocale: 'en',
  variables: VARIABLES,
  locales: {
    en: { title: 'Hello {constructor}', data: { 'a.$b': { $set: 1 } }, vibrate: [1] },
    de: { title: 'Hallo' },
  },
};

function version(key: string, number: number, wording: Wording | null = WORDING): TemplateVersion {
  return { key, version: number, wording, createdAtMs: NOW_MS + number };
}

/** Versions of what notifications say. */
export function templateContract(open: OpenStore): void {
  const fresh = freshStore(open);

  it('keeps each version whole, and adds none in place of another', async () => {
    const { templates } = fresh.store;
    expect(await templates.newest('a')).toBeNull();
    expect(await templates.add(version('a', 1))).toBe(true);
    expect(await templates.add(version('a', 1, null))).toBe(false);
    expect(await templates.add(version('a', 2, { ...WORDING, defaultLocale: 'de' }))).toBe(true);
    const { templates: kept } = await fresh.reopen();
    expect(await kept.get('a', 1)).toEqual(version('a', 1));
    expect(await kept.newest('a')).toEqual(version('a', 2, { ...WORDING, defaultLocale: 'de' }));
    expect(await kept.get('a', 3)).toBeNull();
    expect(await kept.get('A', 1)).toBeNull();
  });

  it('lets one of two win who add a version of one number', async () => {
    const { templates } = fresh.store;
    const isAdded = await Promise.all([1, 2, 3].map((n) => templates.add({ ...version('a', 1), createdAtMs: n })));
    expect(isAdded.filter(Boolean)).toHaveLength(1);
    expect((await templates.newest('a'))?.createdAtMs).toBe(isAdded.indexOf(true) + 1);
  });

  it('lists the newest of each, page by page, without those that were deleted', async () => {
    const { templates } = fresh.store;
    for (const key of ['b', 'a', 'c.d', 'c:e', 'gone', 'back'])
      for (const number of [1, 2]) await templates.add(version(key, number));
    await templates.add(version('gone', 3, null));
    await templates.add(version('back', 3, null));
    await templates.add(version('back', 4));
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof templates.list>> = await templates.list({ cursor, limit: 2 });
      found.push(...page.items.map((item) => `${item.key} ${item.version}`));
      cursor = page.next;
    } while (cursor !== null);
    expect(found).toEqual(['a 2', 'b 2', 'back 4', 'c.d 2', 'c:e 2']);
    expect((await templates.newest('gone'))?.wording).toBeNull();
    expect((await templates.get('gone', 1))?.wording).toEqual(WORDING);
  });

  it('lists the versions of one, newest first', async () => {
    const { templates } = fresh.store;
    for (const number of [1, 2, 3, 10, 11]) await templates.add(version('a', number, number === 3 ? null : WORDING));
    await templates.add(version('b', 1));
    const first = await templates.versions({ key: 'a', cursor: null, limit: 3 });
    expect(first.items.map((item) => item.version)).toEqual([11, 10, 2]);
    const second = await templates.versions({ key: 'a', cursor: first.next, limit: 3 });
    expect(second).toEqual({ items: [version('a', 1)], next: null });
    await expect(templates.versions({ key: 'a', cursor: 'WyJhIl0', limit: 3 })).rejects.toMatchObject({
      code: 'invalid_cursor',
    });
  });

  it('forgets texts of deleted templates once no notification names them, and keeps their numbers', async () => {
    const { store } = fresh;
    const { templates } = store;
    const DAY_MS = 86_400_000;
    for (const key of ['gone', 'named', 'late', 'again', 'kept']) await templates.add(version(key, 1));
    for (const key of ['gone', 'named', 'again']) await templates.add(version(key, 2, null));
    await templates.add({ ...version('late', 2, null), createdAtMs: NOW_MS + DAY_MS });
    await templates.add(version('again', 3));
    const source = { kind: 'template', template: { key: 'named', version: 1 } } as const;
    const worded = { source, values: {}, isPersonal: false, shown: { title: 'Hello' } };
    const content = { type: 'a', title: 'Hello', worded };
    const waiting = sampleNotification({ userCount: 1, acceptedAtMs: NOW_MS, content });
    const acceptance = { audience: usersNamed(['ada']), mayFanOutNow: false };
    await store.notifications.accept(sampleAcceptance(waiting, [], acceptance));
    await store.retention.forget(NOW_MS + 2, 10);
    expect((await templates.get('gone', 1))?.wording).toEqual(WORDING);
    await store.retention.forget(NOW_MS + DAY_MS, 10);
    expect(await templates.get('gone', 1)).toBeNull();
    expect(await templates.newest('gone')).toEqual(version('gone', 2, null));
    for (const key of ['named', 'late', 'again', 'kept'])
      expect((await templates.get(key, 1))?.wording, key).toEqual(WORDING);
    await fanOutAt(store, waiting, { nowMs: NOW_MS, pageSize: 10 });
    await store.retention.forget(NOW_MS + DAY_MS + 1, 10);
    await store.retention.forget(NOW_MS + DAY_MS + 1, 10);
    expect(await templates.get('named', 1)).toBeNull();
    expect(await templates.get('late', 1)).toBeNull();
    expect(await templates.add(version('gone', 2))).toBe(false);
  });
}
