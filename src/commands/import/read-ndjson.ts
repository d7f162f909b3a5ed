import type { Entry } from './entry.ts';

/** Far more than any subscription: what is longer is no line of NDJSON. */
const MAX_LINE_LENGTH = 256 * 1024;

/** A JSON object on each line. Blank lines count, and are nothing. */
export async function* readNdjson(texts: AsyncIterable<string>): AsyncGenerator<Entry> {
  let line = 0;
  for await (const text of linesIn(texts)) {
    line += 1;
    if (text === null) yield refused(line, `The line is longer than ${MAX_LINE_LENGTH} characters.`);
    else if (text.trim() !== '') yield entryOf(line, text);
  }
}

function entryOf(line: number, text: string): Entry {
  try {
    const record: unknown = JSON.parse(text);
    if (typeof record === 'object' && record !== null && !Array.isArray(record)) {
      return { line, record: record as Record<string, unknown> };
    }
    return refused(line, 'The line is no JSON object.');
  } catch {
    // The engine's own message quotes the line.
    return refused(line, 'The line is not JSON: NDJSON has one whole object on each line.');
  }
}

function refused(line: number, reason: string): Entry {
  return { line, refusal: { code: 'malformed_json', reason } };
}

/** Null stands for a line that is too long, of which nothing is kept. */
async function* linesIn(texts: AsyncIterable<string>): AsyncGenerator<string | null> {
  let rest = '';
  let isTooLong = false;
  for await (const text of texts) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      yield isTooLong || line.length > MAX_LINE_LENGTH ? null : line;
      isTooLong = false;
    }
    if (rest.length <= MAX_LINE_LENGTH) continue;
    isTooLong = true;
    rest = '';
  }
  if (isTooLong) yield null;
  else if (rest !== '') yield rest;
}
