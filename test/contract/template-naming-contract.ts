import { expect, it } from 'vitest';
import { createComposer } from '../../src/domain/content/compose.ts';
import { readNotificationBody } from '../../src/http/v1/notification-schema.ts';
import { createSchedules } from '../../src/intake/schedules.ts';
import { createTemplates } from '../../src/intake/templates.ts';
import type { Store } from '../../src/store/store.ts';
import { createWordings } from '../../src/store/wordings.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { everyInterleaving, type Stepped } from '../support/interleavings.ts';
import { NOW_MS } from '../support/samples.ts';
import { scheduleProcess } from '../support/schedule-process.ts';
import { freshStore, type OpenStore } from './fresh-store.ts';

/** At nine. */
const NEXT_MS = nextNineMs();

const WORDING = { defaultLocale: 'en', variables: {}, locales: { en: { title: 'Hello' } } };

function nextNineMs(): number {
  const dayMs = 86_400_000;
  const nineMs = Math.floor(NOW_MS / dayMs) * dayMs + 9 * 3_600_000;
  return nineMs > NOW_MS ? nineMs : nineMs + dayMs;
}

/** From where it is decided which of the two is first. */
const DECIDING = ['namings', 'noteNaming', 'remove'] as const;
const ALL = [...DECIDING, 'newest'] as const;

/** What one process does with schedules and templates, each call of the store in its turn. */
function processOn(store: Store, clock: FakeClock, stepped: Stepped | null, steps: typeof ALL | typeof DECIDING = ALL) {
  const own: Store = {
    ...store,
    schedules: stepped?.watch(store.schedules, ['list', 'put', 'delete']) ?? store.schedules,
    templates: stepped?.watch(store.templates, [...steps]) ?? store.templates,
  };
  const events = { publish: () => {} };
  const parts = { store: own, events, clock, random: Math.random };
  const wordings = createWordings(store.templates);
  return {
    schedules: createSchedules({
      ...parts,
      ...scheduleProcess(own, clock),
      readBody: readNotificationBody,
      onChange: () => {},
    }),
    templates: createTemplates({
      ...parts,
      store: own.templates,
      schedules: own.schedules,
      wordings,
      compose: createComposer(null),
      serverZone: 'UTC',
    }),
  };
}

function draft(key: string, template: string | null) {
  const said = template === null ? { title: 'plain' } : { template: { key: template } };
  return {
    ...{ key, cron: '0 9 * * *', timeZone: 'UTC', startsAtMs: null, endsAtMs: null },
    notification: { type: 'news', user_ids: ['ada'], ...said },
    catchUpSeconds: 60,
    isPaused: false,
  };
}

/** Deleting a template, and a schedule that begins to name it, in two processes. */
export function templateNamingContract(open: OpenStore): void {
  const fresh = freshStore(open);

  for (const [what, earlier, steps, orders] of [
    ['a new schedule', null, ALL, 15],
    ['a schedule that named none', 'plain', DECIDING, 7],
  ] as const) {
    it(`lets either ${what} name a template, or that be deleted, in whatever order they come`, async () => {
      const { store } = fresh;
      const clock = createFakeClock(NOW_MS);
      const still = processOn(store, clock, null);
      let made = 0;
      const won = { naming: 0, deleting: 0 };
      const runs = await everyInterleaving(async (first, second) => {
        made += 1;
        const [key, template] = [`s${made}`, `t${made}`];
        await still.templates.put(template, WORDING);
        if (earlier !== null) await still.schedules.put(key, () => draft(key, null));
        const results: (string | null)[] = [];
        const told = async (index: number, work: Promise<unknown>) => {
          results[index] = await work.then(() => null).catch((error: { code?: string }) => error.code ?? String(error));
        };
        return {
          work: [
            () =>
              told(
                0,
                processOn(store, clock, first, steps).schedules.put(key, () => draft(key, template)),
              ),
            () => told(1, processOn(store, clock, second, steps).templates.delete(template)),
          ],
          async check(order) {
            const schedule = await store.schedules.get(key);
            const isNamed = JSON.stringify(schedule?.notification ?? null).includes(template);
            const isThere = (await store.templates.newest(template))?.wording != null;
            const seen = { order, results, isNamed, isThere };
            won[isThere ? 'naming' : 'deleting'] += 1;
            if (isThere) expect(seen).toEqual({ order, results: [null, 'template_in_use'], isNamed: true, isThere });
            else expect(seen).toEqual({ order, results: ['unknown_template', null], isNamed: false, isThere });
            expect([order, schedule?.nextAtMs ?? null]).toEqual([order, isNamed || earlier ? NEXT_MS : null]);
            if (schedule !== null) await store.schedules.delete(key);
          },
        };
      });
      expect(runs).toBeGreaterThan(orders);
      expect(Math.min(won.naming, won.deleting)).toBeGreaterThan(1);
    }, 60_000);
  }

  it('deletes no template that was named since its namings were read, nor one with another version', async () => {
    const { templates } = fresh.store;
    const at = (version: number) => ({ key: 'a', version, createdAtMs: NOW_MS });
    await templates.add({ ...at(1), wording: WORDING });
    expect(await templates.noteNaming(['a'])).toBeNull();
    expect(await templates.remove(at(2), 0)).toBe(false);
    expect(await templates.namings('a', 1)).toBe(1);
    await templates.add({ ...at(2), wording: WORDING });
    expect(await templates.remove(at(2), 1)).toBe(false);
    expect((await templates.newest('a'))?.wording).toEqual(WORDING);
    expect(await templates.remove(at(3), 0)).toBe(true);
    expect(await templates.noteNaming(['b', 'a'])).toBe('b');
    expect(await templates.noteNaming(['a'])).toBe('a');
    await templates.add({ ...at(4), wording: WORDING });
    expect(await templates.noteNaming(['a'])).toBeNull();
  });

  it('deletes a schedule only at the version that was seen, where one is named', async () => {
    const { schedules } = fresh.store;
    const { schedules: kept } = processOn(fresh.store, createFakeClock(NOW_MS), null);
    await kept.put('s', () => draft('s', null));
    const seen = await schedules.get('s');
    await kept.put('s', () => ({ ...draft('s', null), cron: '0 8 * * *' }));
    if (seen === null) throw new Error('it was kept');
    expect(await schedules.delete('s', seen)).toBe(false);
    const latest = await schedules.get('s');
    expect(await schedules.delete('s', { ...seen, version: latest?.version ?? 0 })).toBe(true);
    expect(await schedules.get('s')).toBeNull();
  });
}
