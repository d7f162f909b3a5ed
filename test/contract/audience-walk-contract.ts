import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Member, ResolvedAudience } from '../../src/domain/audience/audience.ts';
import { type Expression, parseExpression } from '../../src/domain/audience/expression.ts';
import type { Subscription } from '../../src/domain/subscription/subscription.ts';
import { newUser, patched } from '../../src/domain/user/user.ts';
import type { AudiencePage } from '../../src/store/audience-store.ts';
import type { Store } from '../../src/store/store.ts';
import { pagesOf } from '../support/audience-pages.ts';
import { goneChange, LATER_MS, NOW_MS, sampleSubscription } from '../support/samples.ts';
import { freshStore, type OpenStore } from './fresh-store.ts';

const ODD_IDS = ['nul\0', '\0', '\ud800', '\udfff', '\u0001"a"', 'a/b', '%', "'", '😀', 'ﬀ', '[0,null,null]'];
const TAGS = ['a', 'b', 'c', 'd'] as const;
const ENDPOINTS = {
  fcm: 'https://fcm.googleapis.com/fcm/send/',
  apple: 'https://web.push.apple.com/',
  other: 'https://push.example.net/',
} as const;

/** What a test says of a user, and all that the naive evaluation knows. */
type Someone = {
  readonly id: string;
  /** Null: there is no document. */
  readonly tags: readonly string[] | null;
  readonly timeZone: string | null;
  readonly services: readonly (keyof typeof ENDPOINTS)[];
  readonly isGone: boolean;
};

/** Audiences whose users are found when it is sent. */
export function audienceWalkContract(open: OpenStore): void {
  const fresh = freshStore(open);
  const add = (someone: Someone): Promise<Subscription[]> => addTo(fresh.store, someone);
  const everyone = (...excludedIds: readonly string[]): ResolvedAudience => ({ kind: 'everyone', excludedIds });
  const tagged = (text: string, segments: Readonly<Record<string, string>> = {}): ResolvedAudience => {
    const named = Object.entries(segments).map(([key, said]) => [key, parsed(said)] as const);
    return { kind: 'tags', expression: parsed(text), segments: new Map(named), excludedIds: [] };
  };
  const idsIn = (pages: readonly (readonly Member[])[]): string[] => pages.flat().map(({ userId }) => userId);
  const plain = (id: string, more: Partial<Someone> = {}): Someone => {
    return { id, tags: ['a'], timeZone: null, services: ['fcm'], isGone: false, ...more };
  };

  it.each([1, 2, 3, 500])(
    'everyone is each user once, with what was said and every active device, %i at a time',
    async (limit) => {
      const all = [...ODD_IDS, 'both', 'many', 'zz'].map((id) => plain(id));
      const people = [
        ...all.map((one) =>
          one.id === 'many' ? { ...one, services: ['fcm', 'apple', 'other', 'fcm', 'fcm'] as const } : one,
        ),
        plain('devices only', { tags: null }),
        plain('document only', { services: [] }),
      ];
      const devices = new Map<string, Subscription[]>();
      for (const someone of people) devices.set(someone.id, await add(someone));
      await add(plain('gone and unknown', { tags: null, isGone: true }));
      const pages = await pagesOf(fresh.store, everyone(), limit);
      expect(idsIn(pages).toSorted()).toEqual(people.map(({ id }) => id).toSorted());
      for (const { userId, devices: found, person } of pages.flat()) {
        const someone = people.find(({ id }) => id === userId);
        expect(found.map(({ id }) => id)).toEqual(
          devices
            .get(userId)
            ?.map(({ id }) => id)
            .toSorted(),
        );
        expect(person.user?.tags ?? null, userId).toEqual(someone?.tags);
      }
      const without = idsIn(await pagesOf(fresh.store, everyone('nul\0', '\ud800', 'many', 'unknown'), limit));
      expect(new Set(without)).toEqual(
        new Set(people.map(({ id }) => id).filter((id) => !['nul\0', '\ud800', 'many'].includes(id))),
      );
    },
  );

  it('finds what a naive evaluation finds, whatever the expression and the users', async () => {
    const people = [...samplePeople(60), ...ODD_IDS.map((id, index) => plain(id, { tags: TAGS.slice(0, index % 5) }))];
    for (const someone of people) await add(someone);
    await fc.assert(
      fc.asyncProperty(anExpression, fc.constantFrom(3, 7, 500), async (text, limit) => {
        const expected = people.filter((one) => exists(one) && isMeant(parsed(text), one)).map(({ id }) => id);
        const found = idsIn(await pagesOf(fresh.store, tagged(text, SEGMENTS), limit));
        expect(found.toSorted(), text).toEqual(expected.toSorted());
      }),
      { numRuns: 25 },
    );
  });

  it('goes past very many who do not belong to it, page by page', async () => {
    const ids = Array.from({ length: 2700 }, (_, index) => `user-${String(index).padStart(5, '0')}`);
    await fresh.store.users.changeMany(
      ids.map((id) => newUser(id, NOW_MS)),
      (user) => patched(user, { tags: ['a'] }, NOW_MS),
    );
    await add(plain('zz', { tags: ['a', 'b'] }));
    for (const text of ['a && @service:fcm', '@service:fcm', 'b', 'b && a']) {
      const pages = await pagesOf(fresh.store, tagged(text), 50);
      expect(idsIn(pages), text).toEqual(['zz']);
    }
  });

  it('has each user once who belongs to it all the while, whoever comes and goes between the pages', async () => {
    const steady = Array.from({ length: 12 }, (_, index) => `m-${index + 10}`);
    for (const id of steady) await add(plain(id, { tags: ['a', 'b'] }));
    for (const audience of [
      everyone(),
      tagged('a'),
      tagged('a || c'),
      tagged('a && b'),
      tagged('!d && @service:fcm'),
    ]) {
      const found: string[] = [];
      let cursor: string | null = null;
      for (let round = 0; ; round += 1) {
        const query = { audience, cursor, limit: 3, nowMs: LATER_MS, serverZone: 'UTC' };
        const page: AudiencePage = await fresh.store.audiences.members(query);
        found.push(...page.members.map(({ userId }) => userId));
        if (page.next === null) break;
        cursor = page.next;
        await add(plain(`m-${found.length}-late`));
        await add(plain(`a-${round}`, { tags: ['c', 'b'] }));
        await retag(`m-${10 + round}`, ['a', 'b', 'c']);
        await retag('m-10-late', round % 2 === 0 ? [] : ['a']);
      }
      expect(new Set(found).size).toBe(found.length);
      expect(found.filter((id) => steady.includes(id))).toEqual(steady);
    }
  });

  const retag = (id: string, tags: readonly string[]) =>
    fresh.store.users.change(newUser(id, NOW_MS), (user) => patched(user, { tags }, NOW_MS));

  it('is nobody where there is nobody, and where all are left out', async () => {
    expect(idsIn(await pagesOf(fresh.store, everyone(), 5))).toEqual([]);
    expect(idsIn(await pagesOf(fresh.store, tagged('a || !a'), 5))).toEqual([]);
    await add(plain('x'));
    expect(idsIn(await pagesOf(fresh.store, everyone('x'), 5))).toEqual([]);
    expect(idsIn(await pagesOf(fresh.store, tagged('#unknown || !#unknown'), 5))).toEqual([]);
  });
}

async function addTo(
  store: Pick<Store, 'subscriptions' | 'users'>,
  { id, tags, timeZone, services, isGone }: Someone,
): Promise<Subscription[]> {
  if (tags !== null) await store.users.change(newUser(id, NOW_MS), (user) => patched(user, { tags, timeZone }, NOW_MS));
  const made = services.map((service) => {
    const { endpoint } = sampleSubscription();
    return sampleSubscription({ userId: id, endpoint: `${ENDPOINTS[service]}${endpoint.split('/').at(-1)}` });
  });
  for (const subscription of made) await store.subscriptions.register(subscription);
  if (isGone) await store.subscriptions.change(made.map((one) => goneChange(one.id)));
  return made;
}

const SEGMENTS = { s: 'a && !b', t: '#s || c' };

/** Every mix of tags, devices and zones, without chance. */
function samplePeople(count: number): Someone[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `user-${index}`,
    tags: index % 6 === 5 ? null : TAGS.filter((_, bit) => (index >> bit) % 2 === 1),
    timeZone: index % 4 === 0 ? 'Europe/Berlin' : null,
    services: index % 5 === 4 ? [] : (['fcm', 'apple', 'other'] as const).slice(0, 1 + (index % 3)),
    isGone: index % 7 === 6,
  }));
}

const aTerm = fc.constantFrom(
  ...TAGS,
  'nobody-has-it',
  '#s',
  '#t',
  '@service:apple',
  '@zone:Europe/Berlin',
  '@zone:UTC',
);
const anExpression = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    aTerm,
    tie('any').map((of) => `!(${of})`),
    fc.tuple(tie('any'), tie('any')).map(([one, other]) => `(${one} && ${other})`),
    fc.tuple(tie('any'), tie('any')).map(([one, other]) => `(${one} || ${other})`),
  ),
})).any;

function exists({ tags, services, isGone }: Someone): boolean {
  return tags !== null || (services.length > 0 && !isGone);
}

/** The plainest reading of an expression. */
function isMeant(expression: Expression, someone: Someone): boolean {
  switch (expression.kind) {
    case 'or':
      return expression.of.some((part) => isMeant(part, someone));
    case 'and':
      return expression.of.every((part) => isMeant(part, someone));
    case 'not':
      return !isMeant(expression.of, someone);
    case 'tag':
      return someone.tags?.includes(expression.tag) ?? false;
    case 'segment':
      return isMeant(parsed(SEGMENTS[expression.key as keyof typeof SEGMENTS]), someone);
    case 'service':
      return !someone.isGone && someone.services.some((service) => service === expression.service);
    case 'zone':
      return (someone.tags === null ? 'UTC' : (someone.timeZone ?? 'UTC')) === expression.zone;
    default:
      throw new Error(`no test asks for ${expression.kind}`);
  }
}

function parsed(text: string): Expression {
  const result = parseExpression(text);
  if (result.kind === 'error') throw new Error(`${text}: ${result.error.message}`);
  return result.expression;
}
