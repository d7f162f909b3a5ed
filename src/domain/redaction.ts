/** What a text must not tell. */
export type Hidden = {
  /** Hidden where they stand whole. */
  readonly secrets: readonly string[];
  /** Of these not even a stretch is told, as sent or percent-decoded. */
  readonly traces: readonly string[];
};

/** A shorter run of characters in common with a secret tells nobody anything. */
const TELLING_LENGTH = 8;
const TOKEN_CHARACTERS = /[\w\-.~%:=+]+/g;
const HIDDEN = '…';

/** The text, made one line before, without what it must not tell, URLs, and whatever looks like a token: an ellipsis stands for each. */
export function redact(text: string, { secrets, traces }: Hidden): string {
  const telling = tellingParts(traces);
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

/** The secret part of an endpoint: all that follows its host. */
export function tailOf(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  return url === null ? endpoint : url.pathname + url.search;
}

/** Control and format characters, such as those that turn the direction of writing, have no place in a log. */
export function oneLine(text: string): string {
  return text.replace(/[\p{C}\s]+/gu, ' ').trim();
}

/** Shaped like a token: long, with a digit where words have none. */
function isLikeToken(run: string): boolean {
  return run.length >= 40 || (run.length >= 16 && /\d/.test(run));
}

/** What is left of a secret that has other characters than tokens have, such as the slashes of a path. */
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

/** Where the text, in small letters, next has as much in common with a secret as tells something, or null. */
function firstTold(lower: string, telling: ReadonlySet<string>, from: number): number | null {
  for (let at = from; at + TELLING_LENGTH <= lower.length; at += 1) {
    if (telling.has(lower.slice(at, at + TELLING_LENGTH))) return at;
  }
  return null;
}

/** Every stretch of these that is just long enough to tell something, as sent and decoded. */
function tellingParts(traces: readonly string[]): ReadonlySet<string> {
  const parts = new Set<string>();
  for (const form of traces.flatMap((trace) => [trace, oneLine(safelyDecoded(trace))])) {
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
