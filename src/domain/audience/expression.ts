import { PUSH_SERVICES, type PushService } from '../push-service/push-service.ts';
import { canonicalZone } from '../time/zone.ts';
import { TAG } from '../user/user.ts';

/**
 * Which users an audience has: `beta && !(trial || churned)`.
 *
 *     or     = and { "||" and }
 *     and    = not { "&&" not }
 *     not    = { "!" } primary
 *     primary = "(" or ")" | "#" segment | "@service:" … | "@locale:" … | "@zone:" … | "@idle:" days "d" | tag
 */
export type Expression =
  | { readonly kind: 'or' | 'and'; readonly of: readonly Expression[] }
  | { readonly kind: 'not'; readonly of: Expression }
  | Term;

export type Term =
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'segment'; readonly key: string }
  | { readonly kind: 'service'; readonly service: PushService }
  | { readonly kind: 'locale'; readonly locale: string }
  | { readonly kind: 'zone'; readonly zone: string }
  /** Not registered again for so many days. */
  | { readonly kind: 'idle'; readonly days: number };

const MAX_TERMS = 32;
/** In UTF-16 units: as long as 32 terms of the greatest length, and room for what joins them. */
export const MAX_EXPRESSION_LENGTH = 4096;
/** Parentheses within each other. */
const MAX_DEPTH = 32;
/** Of one segment's name. */
export const SEGMENT_KEY = /^[A-Za-z0-9_.-]{1,64}$/;
const MAX_IDLE_DAYS = 3650;

/** `at`: the character, counted from 0, that cannot be where it is. */
type ParseError = { readonly at: number; readonly message: string };

export type Parsed =
  | { readonly kind: 'parsed'; readonly expression: Expression }
  | { readonly kind: 'error'; readonly error: ParseError };

/** Reads the text of an audience. Never throws: a text that is no expression gives the error, with its place. */
export function parseExpression(text: string): Parsed {
  if (text.length > MAX_EXPRESSION_LENGTH) {
    return {
      kind: 'error',
      error: { at: MAX_EXPRESSION_LENGTH, message: `is longer than ${MAX_EXPRESSION_LENGTH} characters` },
    };
  }
  const reader: Reader = { text, at: 0, terms: 0 };
  const expression = readOr(reader, 0);
  if ('message' in expression) return { kind: 'error', error: expression };
  const rest = tokenAt(reader);
  if (rest !== null)
    return { kind: 'error', error: { at: reader.at, message: `expected “&&”, “||” or the end, found “${rest}”` } };
  return { kind: 'parsed', expression };
}

type Reader = { readonly text: string; at: number; terms: number };

function readOr(reader: Reader, depth: number): Expression | ParseError {
  return readJoined(reader, '||', 'or', () => readJoined(reader, '&&', 'and', () => readNot(reader, depth)));
}

function readJoined(
  reader: Reader,
  sign: '||' | '&&',
  kind: 'or' | 'and',
  readPart: () => Expression | ParseError,
): Expression | ParseError {
  const parts: Expression[] = [];
  do {
    const part = readPart();
    if ('message' in part) return part;
    parts.push(part);
  } while (take(reader, sign));
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { kind, of: parts };
}

/** Two signs cancel each other out, so that a thousand of them are no deeper than one. */
function readNot(reader: Reader, depth: number): Expression | ParseError {
  let isNegated = false;
  while (take(reader, '!')) isNegated = !isNegated;
  const primary = readPrimary(reader, depth);
  return isNegated && !('message' in primary) ? { kind: 'not', of: primary } : primary;
}

function readPrimary(reader: Reader, depth: number): Expression | ParseError {
  const opened = take(reader, '(');
  if (!opened) return readTerm(reader);
  if (depth >= MAX_DEPTH) return { at: reader.at - 1, message: `more than ${MAX_DEPTH} parentheses within each other` };
  const inner = readOr(reader, depth + 1);
  if ('message' in inner || take(reader, ')')) return inner;
  return { at: reader.at, message: `expected “)”, found ${quoted(tokenAt(reader))}` };
}

function readTerm(reader: Reader): Expression | ParseError {
  const token = tokenAt(reader);
  const { at } = reader;
  if (token === null || SIGNS.has(token)) return { at, message: `expected a tag, “!” or “(”, found ${quoted(token)}` };
  if (reader.terms >= MAX_TERMS) return { at, message: `more than ${MAX_TERMS} terms; keep a part of it as a segment` };
  const term = termOf(token);
  if (typeof term === 'string') return { at, message: term };
  reader.terms += 1;
  reader.at += token.length;
  return term;
}

/** The term, or what is wrong with it. */
function termOf(token: string): Term | string {
  if (token.startsWith('#')) return segmentOf(token.slice(1));
  if (token.startsWith('@')) return builtInOf(token);
  if (TAG.test(token)) return { kind: 'tag', tag: token };
  return token.length > 64
    ? 'is longer than the 64 characters of a tag'
    : `“${token}” is no tag: those are made of A-Z a-z 0-9 _ . : / -`;
}

function segmentOf(key: string): Term | string {
  if (SEGMENT_KEY.test(key)) return { kind: 'segment', key };
  return 'expected a segment’s key after “#”: 1 to 64 of A-Z a-z 0-9 _ . -';
}

function builtInOf(token: string): Term | string {
  const colon = token.indexOf(':');
  const [name, value] = colon < 0 ? [token, ''] : [token.slice(0, colon), token.slice(colon + 1)];
  switch (name) {
    case '@service':
      return serviceOf(value);
    case '@locale':
      return LOCALE.test(value)
        ? { kind: 'locale', locale: value }
        : `“${value}” is no language tag such as de or pt-BR`;
    case '@zone':
      return zoneOf(value);
    case '@idle':
      return idleOf(value);
    default:
      return `there is no “${name}”, only @service:…, @locale:…, @zone:… and @idle:…`;
  }
}

const LOCALE = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}$/;
const DAYS = /^([1-9]\d{0,3})d$/;

function serviceOf(value: string): Term | string {
  const service = PUSH_SERVICES.find((known) => known === value);
  return service === undefined ? `“${value}” is none of ${PUSH_SERVICES.join(', ')}` : { kind: 'service', service };
}

function zoneOf(value: string): Term | string {
  const zone = canonicalZone(value);
  return zone === null ? `“${value}” is no time zone such as Europe/Berlin` : { kind: 'zone', zone };
}

function idleOf(value: string): Term | string {
  const days = Number(DAYS.exec(value)?.[1] ?? Number.NaN);
  return days <= MAX_IDLE_DAYS
    ? { kind: 'idle', days }
    : `“${value}” is no number of days from 1d to ${MAX_IDLE_DAYS}d`;
}

const SIGNS: ReadonlySet<string> = new Set(['(', ')', '!', '&&', '||']);
const SPACE = /[ \t\r\n]/;
const SIGN_OR_SPACE = /[ \t\r\n()!&|]/;

/** The sign, or the characters up to the next one or to a space; null at the end. Moves over spaces only. */
function tokenAt(reader: Reader): string | null {
  const { text } = reader;
  while (reader.at < text.length && SPACE.test(text.charAt(reader.at))) reader.at += 1;
  const { at } = reader;
  if (at >= text.length) return null;
  const two = text.slice(at, at + 2);
  if (two === '&&' || two === '||') return two;
  const first = text.charAt(at);
  if (SIGN_OR_SPACE.test(first)) return first;
  let end = at + 1;
  while (end < text.length && !SIGN_OR_SPACE.test(text.charAt(end))) end += 1;
  return text.slice(at, end);
}

function take(reader: Reader, sign: string): boolean {
  if (tokenAt(reader) !== sign) return false;
  reader.at += sign.length;
  return true;
}

/** A token may be as long as the whole text. */
function quoted(token: string | null): string {
  if (token === null) return 'the end';
  return token.length > 64 ? `“${token.slice(0, 64)}…”` : `“${token}”`;
}
