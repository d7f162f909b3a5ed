import { AppError } from '../../domain/app-error.ts';

export type Issue = { readonly path: string; readonly message: string };

const MAX_DEPTH = 32;
/** Twice the largest audience. Many more values could make a million validation problems. */
const MAX_VALUES = 20_000;

/** A body as JSON, and its text. */
type ParsedBody = { readonly text: string; readonly value: unknown };

/** Parses a body or a line of one, once. Errors name a position where one is known, and never hold what was sent. */
export function parseJson(octets: Uint8Array, part: 'body' | 'line' = 'body'): ParsedBody {
  if (octets.byteLength === 0) throw malformed(`The ${part} is empty; send a JSON object.`);
  const text = decodeUtf8(octets, part);
  try {
    return { text, value: JSON.parse(text) };
  } catch (error) {
    // The engine's own message quotes the body.
    const position = error instanceof Error ? /at position (\d+)/.exec(error.message)?.[1] : undefined;
    const where = position === undefined ? '' : ` The problem is at character ${position}.`;
    const facts = position === undefined ? {} : { position: Number(position) };
    throw malformed(`The ${part} cannot be parsed as JSON.${where}`, facts);
  }
}

function decodeUtf8(octets: Uint8Array, part: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch {
    throw malformed(`The ${part} is not valid UTF-8.`);
  }
}

function malformed(message: string, facts: { position?: number } = {}): AppError {
  return new AppError('malformed_json', message, facts);
}

type Visit = {
  readonly value: unknown;
  readonly key: string | number | null;
  readonly depth: number;
  readonly parent: Visit | null;
};

/** What was seen of parsed JSON, up to the first hazard. */
type Inspected = {
  readonly hazard: Issue | null;
  /** How many names its objects have. */
  readonly nameCount: number;
};

/**
 * Looks for the first thing in parsed JSON that no schema should meet. Iterative: 100 000 levels of nesting must not cost a
 * stack.
 */
export function inspectJson(root: unknown, mostValues = MAX_VALUES): Inspected {
  const stack: Visit[] = [{ value: root, key: null, depth: 1, parent: null }];
  let values = 0;
  let nameCount = 0;
  for (let visit = stack.pop(); visit !== undefined; visit = stack.pop()) {
    values += 1;
    const message = values > mostValues ? `holds more than ${mostValues} values in all` : hazardOf(visit);
    if (message !== null) {
      return { hazard: { path: values > mostValues ? '' : pathTo(visit), message }, nameCount };
    }
    const { value, depth, key: ownKey } = visit;
    if (typeof ownKey === 'string') nameCount += 1;
    if (typeof value !== 'object' || value === null) continue;
    const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
    for (const [key, child] of entries) {
      // Beyond the limit, children would only fill memory.
      if (stack.length > mostValues) break;
      stack.push({ value: child, key, depth: depth + 1, parent: visit });
    }
  }
  return { hazard: null, nameCount };
}

function hazardOf({ value, key, depth }: Visit): string | null {
  if (depth > MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH} levels`;
  if (key === '__proto__') return 'is not allowed as a name';
  if (typeof key === 'string') {
    const hazard = hazardInText(key);
    if (hazard !== null) return `has a name that ${hazard}`;
  }
  if (typeof value === 'string') return hazardInText(value);
  // 1e999 parses to Infinity, and would reach the device as null.
  if (typeof value === 'number' && !Number.isFinite(value)) return 'is too large for a number: send it as a string';
  return null;
}

function hazardInText(text: string): string | null {
  if (/\p{Surrogate}/u.test(text)) return 'holds half a surrogate pair, which is not valid Unicode';
  if (text.includes('\0')) return 'holds the character U+0000';
  return null;
}

function pathTo(visit: Visit): string {
  const keys: (string | number)[] = [];
  // The outer names say where to look; a reader has no use for a deep path.
  for (let at: Visit | null = visit; at !== null; at = at.parent) if (at.key !== null) keys.unshift(at.key);
  return formatPath(keys.slice(0, 4));
}

/** `keys.p256dh`, `user_ids[3]`. Names come from the caller, so each is cut short. */
export function formatPath(keys: readonly PropertyKey[]): string {
  return keys.reduce<string>((path, key) => {
    if (typeof key === 'number') return `${path}[${key}]`;
    const name = String(key)
      .slice(0, 64)
      .replace(/\p{Surrogate}/gu, '\uFFFD');
    return path === '' ? name : `${path}.${name}`;
  }, '');
}
