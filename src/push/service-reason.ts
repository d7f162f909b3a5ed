/** Whatever of an answer may say why. `secrets` are texts that must not be in the reason. */
export type AnswerWords = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly endpoint: string;
  readonly secrets: readonly string[];
};

const MAX_REASON_LENGTH = 200;
/** A shorter run of characters in common with the endpoint tells nobody anything. */
const TELLING_LENGTH = 8;
const TOKEN_CHARACTERS = /[\w\-.~%:=+]+/g;
const HIDDEN = '…';

/**
 * The push service's own words on why it did not accept, at most 200 characters on one line; null when it gave none.
 * An endpoint is a secret and services quote it in their errors, so it, its parts, other URLs and whatever looks like
 * a token are replaced by an ellipsis. WNS gives its reason in headers only, and even beside a 2xx.
 */
export function reasonOf(answer: AnswerWords): string | null {
  const accepted = answer.status >= 200 && answer.status <= 299;
  const words = wnsReason(answer.headers) ?? (accepted ? null : bodyReason(answer.body));
  if (words === null) return null;
  const line = oneLine(redact(oneLine(words), answer));
  return line === '' ? null : shorten(line);
}

function wnsReason(headers: AnswerWords['headers']): string | null {
  const description = first(headers['x-wns-error-description']);
  const status = first(headers['x-wns-status']);
  if (description !== null) return status === null ? description : `${description} (${status})`;
  return status === null || status.toLowerCase() === 'received' ? null : status;
}

function bodyReason(body: string): string | null {
  const json = parseObject(body);
  if (json !== null) return jsonReason(json) ?? body;
  // An error page is markup first; its title is the part that speaks.
  return /^\s*</.test(body) ? (/<title[^<>]*>([^<]{1,500})/i.exec(body)?.[1] ?? body.replace(/<[^<>]*>/g, ' ')) : body;
}

/** Apple: `reason`. Mozilla: `errno` and `message`. Google: both, or an object, in `error`. */
function jsonReason(json: Record<string, unknown>): string | null {
  const { reason, message, errno, error } = json;
  if (typeof reason === 'string') return reason;
  const words = typeof message === 'string' ? message : typeof error === 'string' ? error : null;
  if (typeof errno === 'number' || (typeof errno === 'string' && /^\d{1,6}$/.test(errno))) {
    return words === null ? `errno ${errno}` : `errno ${errno}: ${words}`;
  }
  if (words !== null) return words;
  return isObject(error) && typeof error.message === 'string' ? error.message : null;
}

function redact(text: string, { endpoint, secrets }: AnswerWords): string {
  const telling = tellingParts(endpoint);
  let hidden = text;
  for (const secret of secrets) {
    if (secret !== '') hidden = hidden.replaceAll(secret, HIDDEN);
  }
  hidden = hidden
    .replace(/\b[a-z][a-z0-9+.-]{0,15}:\/\/\S+/gi, HIDDEN)
    .replace(TOKEN_CHARACTERS, (run) =>
      isLikeToken(run) || firstTold(lowerCase(run), telling, 0) !== null ? HIDDEN : run,
    );
  return withoutTold(hidden, telling);
}

/** Shaped like a token: long, with a digit where words have none. */
function isLikeToken(run: string): boolean {
  return run.length >= 40 || (run.length >= 16 && /\d/.test(run));
}

/** What is left of the endpoint where it has other characters than tokens have, such as the slashes of its path. */
function withoutTold(text: string, telling: ReadonlySet<string>): string {
  const lower = lowerCase(text);
  let kept = '';
  let end = 0;
  for (let at = firstTold(lower, telling, 0); at !== null; at = firstTold(lower, telling, end)) {
    kept += text.slice(end, at) + HIDDEN;
    end = at + TELLING_LENGTH;
    while (end < lower.length && telling.has(lower.slice(end + 1 - TELLING_LENGTH, end + 1))) end += 1;
  }
  return kept + text.slice(end);
}

/** Where the text, in small letters, next has as much in common with the endpoint as tells something, or null. */
function firstTold(lower: string, telling: ReadonlySet<string>, from: number): number | null {
  for (let at = from; at + TELLING_LENGTH <= lower.length; at += 1) {
    if (telling.has(lower.slice(at, at + TELLING_LENGTH))) return at;
  }
  return null;
}

/** Every stretch of the endpoint after its host that is just long enough to tell something, as sent and decoded. */
function tellingParts(endpoint: string): ReadonlySet<string> {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  const tail = url === null ? endpoint : url.pathname + url.search;
  const parts = new Set<string>();
  for (const form of [tail, oneLine(safelyDecoded(tail))]) {
    const lower = lowerCase(form);
    for (let at = 0; at + TELLING_LENGTH <= lower.length; at += 1) parts.add(lower.slice(at, at + TELLING_LENGTH));
  }
  return parts;
}

/** As long as it was, which `toLowerCase` does not promise beyond ASCII. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (run) => run.toLowerCase());
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Control and format characters, such as those that turn the direction of writing, have no place in a log. */
function oneLine(text: string): string {
  return text.replace(/[\p{C}\s]+/gu, ' ').trim();
}

function shorten(text: string): string {
  const characters = [...text];
  return characters.length <= MAX_REASON_LENGTH ? text : `${characters.slice(0, MAX_REASON_LENGTH - 1).join('')}…`;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function first(header: string | string[] | undefined): string | null {
  return (Array.isArray(header) ? header[0] : header) ?? null;
}
