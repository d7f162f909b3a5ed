import type { PushService } from '../push-service/push-service.ts';
import { type Expression, parseExpression, type Term } from './expression.ts';

/** What is kept of each segment, by its key. */
export type Segments = ReadonlyMap<string, Expression>;

/** Of texts that were read once before they were kept. One that cannot be read is unknown, as one that is gone. */
export function segmentsOf(texts: ReadonlyMap<string, string>): Segments {
  const segments = new Map<string, Expression>();
  for (const [key, text] of texts) {
    const parsed = parseExpression(text);
    if (parsed.kind === 'parsed') segments.set(key, parsed.expression);
  }
  return segments;
}

/** What an expression can ask about a user. */
export type UserFacts = {
  readonly tags: ReadonlySet<string>;
  /** Where the user's active devices get their pushes. */
  readonly services: ReadonlySet<PushService>;
  /** The user's, and those of the active devices. */
  readonly locales: readonly string[];
  /** The zone by which the user lives. */
  readonly zone: string;
  /** When a device of the user was last registered; null where there is none. */
  readonly registeredAtMs: number | null;
};

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Whether an expression has a user. What a segment that is gone would have said is unknown, and so is whatever hangs on it: a
 * user is had only where the answer is yes either way. So `!#gone` has nobody, instead of everybody.
 */
export function hasUser(expression: Expression, facts: UserFacts, segments: Segments, nowMs: number): boolean {
  return answer(expression, { facts, segments, nowMs, known: new Map() }) === true;
}

/** `known`: what each segment said of this user. A segment that is named a thousand times is asked once. */
type Asked = {
  readonly facts: UserFacts;
  readonly segments: Segments;
  readonly nowMs: number;
  readonly known: Map<string, boolean | null>;
};

function answer(expression: Expression, asked: Asked): boolean | null {
  switch (expression.kind) {
    case 'not': {
      const inner = answer(expression.of, asked);
      return inner === null ? null : !inner;
    }
    case 'and':
      return joined(expression.of, false, asked);
    case 'or':
      return joined(expression.of, true, asked);
    case 'segment':
      return answerOfSegment(expression.key, asked);
    default:
      return holds(expression, asked);
  }
}

/** Circles are refused when a segment is kept; where one came to be anyway, it is unknown. */
function answerOfSegment(key: string, asked: Asked): boolean | null {
  const known = asked.known.get(key);
  if (known !== undefined) return known;
  asked.known.set(key, null);
  const segment = asked.segments.get(key);
  const said = segment === undefined ? null : answer(segment, asked);
  asked.known.set(key, said);
  return said;
}

/** `decisive` is the answer of one part that settles it for all: true of an or, false of an and. */
function joined(parts: readonly Expression[], decisive: boolean, asked: Asked): boolean | null {
  let result: boolean | null = !decisive;
  for (const part of parts) {
    const inner = answer(part, asked);
    if (inner === decisive) return decisive;
    if (inner === null) result = null;
  }
  return result;
}

function holds(term: Exclude<Term, { kind: 'segment' }>, { facts, nowMs }: Asked): boolean {
  switch (term.kind) {
    case 'tag':
      return facts.tags.has(term.tag);
    case 'service':
      return facts.services.has(term.service);
    case 'locale':
      return facts.locales.some((locale) => isInRange(locale, term.locale));
    case 'zone':
      return facts.zone === term.zone;
    case 'idle':
      return facts.registeredAtMs === null || nowMs - facts.registeredAtMs >= term.days * DAY_MS;
  }
}

/** Basic filtering of RFC 4647 section 3.3.1: `de` has `de-AT`. */
function isInRange(locale: string, range: string): boolean {
  const [one, other] = [locale.toLowerCase(), range.toLowerCase()];
  return one === other || one.startsWith(`${other}-`);
}

/**
 * Tags of which every user that the expression has must carry at least one: the store walks along them. Null: nothing of the
 * kind is known, and all users have to be looked at. `usersOf` says how many users about have a tag, so that the shortest of several
 * ways is taken.
 */
export function tagsOnTheWay(
  expression: Expression,
  segments: Segments,
  usersOf: (tag: string) => number,
): readonly string[] | null {
  return wayOf(expression, { segments, usersOf, known: new Map() })?.tags ?? null;
}

/** `users`: how many it leads past. */
type Way = { readonly tags: readonly string[]; readonly users: number };

type Walk = {
  readonly segments: Segments;
  readonly usersOf: (tag: string) => number;
  readonly known: Map<string, Way | null>;
};

function wayOf(expression: Expression, walk: Walk): Way | null {
  switch (expression.kind) {
    case 'tag':
      return { tags: [expression.tag], users: walk.usersOf(expression.tag) };
    case 'and':
      return expression.of.reduce<Way | null>((best, part) => shorter(best, wayOf(part, walk)), null);
    case 'or':
      return wayAlongAll(expression.of, walk);
    case 'segment': {
      const known = walk.known.get(expression.key);
      if (known !== undefined) return known;
      walk.known.set(expression.key, null);
      const segment = walk.segments.get(expression.key);
      const way = segment === undefined ? null : wayOf(segment, walk);
      walk.known.set(expression.key, way);
      return way;
    }
    default:
      return null;
  }
}

function shorter(one: Way | null, other: Way | null): Way | null {
  if (one === null || other === null) return one ?? other;
  return other.users < one.users ? other : one;
}

/** Whoever is had by an or may come by any of its parts. */
function wayAlongAll(parts: readonly Expression[], walk: Walk): Way | null {
  const tags = new Set<string>();
  for (const part of parts) {
    const way = wayOf(part, walk);
    if (way === null) return null;
    for (const tag of way.tags) tags.add(tag);
  }
  return { tags: [...tags], users: [...tags].reduce((sum, tag) => sum + walk.usersOf(tag), 0) };
}

/** All terms of an expression, and of the segments that it names, of each segment once. */
export function termsIn(expression: Expression, segments: Segments): readonly Term[] {
  const terms: Term[] = [];
  const seen = new Set<string>();
  const look = (at: Expression): void => {
    switch (at.kind) {
      case 'not':
        look(at.of);
        break;
      case 'and':
      case 'or':
        at.of.forEach(look);
        break;
      default:
        terms.push(at);
        if (at.kind === 'segment') lookInto(at.key);
    }
  };
  const lookInto = (key: string): void => {
    const segment = segments.get(key);
    if (segment === undefined || seen.has(key)) return;
    seen.add(key);
    look(segment);
  };
  look(expression);
  return terms;
}

/** All tags that an expression names, itself or by its segments. */
export function tagsIn(expression: Expression, segments: Segments): ReadonlySet<string> {
  return new Set(termsIn(expression, segments).flatMap((term) => (term.kind === 'tag' ? term.tag : [])));
}

/** The keys of the segments that an expression names itself. */
export function segmentsNamedIn(expression: Expression): ReadonlySet<string> {
  return new Set(termsIn(expression, new Map()).flatMap((term) => (term.kind === 'segment' ? term.key : [])));
}

/** The way from a segment back to itself that it would have with this expression, or null: circles have no meaning. */
export function circleOf(key: string, expression: Expression, segments: Segments): readonly string[] | null {
  const seen = new Set<string>();
  const look = (at: Expression, path: readonly string[]): readonly string[] | null => {
    for (const named of segmentsNamedIn(at)) {
      if (named === key) return [...path, key];
      const next = segments.get(named);
      if (seen.has(named) || next === undefined) continue;
      seen.add(named);
      const found = look(next, [...path, named]);
      if (found !== null) return found;
    }
    return null;
  };
  return look(expression, [key]);
}
