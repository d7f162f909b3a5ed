import { createReadStream } from 'node:fs';
import process from 'node:process';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type Entry, UnreadableFile } from './entry.ts';
import { readCsv } from './read-csv.ts';
import { readNdjson } from './read-ndjson.ts';

export const FORMATS = ['ndjson', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

export type Input = { readonly format: Format; readonly entries: AsyncIterable<Entry> };

const GZIP = [0x1f, 0x8b];
/** Byte order marks. */
const UTF_16 = [
  [0xff, 0xfe],
  [0xfe, 0xff],
];
const BYTE_ORDER_MARK = '\u{feff}';
const LONGEST_HEADING = 64 * 1024;

/**
 * Opens a file, or standard input where `path` is `-`: gzip or not, NDJSON or CSV. It is read as it goes, in little memory.
 * Rejects with UnreadableFile.
 */
export async function openInput(path: string, format: Format | null): Promise<Input> {
  try {
    const raw = path === '-' ? process.stdin : createReadStream(path);
    const packed = await peek<Uint8Array>(raw);
    const octets = beginsWith(packed.head, GZIP) ? await peek<Uint8Array>(unpacked(packed.all)) : packed;
    if (octets.head === null) throw new UnreadableFile('There is nothing in it.');
    if (UTF_16.some((mark) => beginsWith(octets.head, mark))) {
      throw new UnreadableFile('It is UTF-16: save it as UTF-8 (in Excel “CSV UTF-8”).');
    }
    const texts = await peek<string>(fromWholeLine(decoded(octets.all)));
    const chosen = format ?? formatOf(path, texts.head ?? '');
    const entries = chosen === 'csv' ? readCsv(texts.all, texts.head ?? '') : readNdjson(texts.all);
    return { format: chosen, entries };
  } catch (error) {
    throw error instanceof UnreadableFile ? error : unreadable(error);
  }
}

function beginsWith(octets: Uint8Array | null, expected: readonly number[]): boolean {
  return octets !== null && expected.every((octet, at) => octets[at] === octet);
}

/** In words, without a stack. */
export function unreadable(error: unknown): UnreadableFile {
  const { code = 'unknown' } = error as { code?: string };
  return new UnreadableFile(`It cannot be read (${code}).`);
}

function formatOf(path: string, head: string): Format {
  const first = head.trimStart()[0];
  if (first === '{') return 'ndjson';
  if (first === '[') {
    throw new UnreadableFile(
      'It is one JSON array: make a line of each item with `jq -c ".[]"`, and give that (- takes a pipe).',
    );
  }
  return /\.(?:ndjson|jsonl)(?:\.gz)?$/i.test(path) ? 'ndjson' : 'csv';
}

function unpacked(octets: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const gunzip = createGunzip();
  const source = Readable.from(octets);
  source.on('error', (error) => gunzip.destroy(error));
  return source.pipe(gunzip);
}

/** Without a byte order mark, and with a line feed for each end of a line. What is no UTF-8 shows as U+FFFD. */
async function* decoded(octets: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let isFirst = true;
  let held = '';
  for await (const piece of octets) {
    let text = held + decoder.decode(piece, { stream: true });
    if (isFirst && text.startsWith(BYTE_ORDER_MARK)) text = text.slice(1);
    isFirst = false;
    // Its line feed may come with the next piece.
    held = text.endsWith('\r') ? '\r' : '';
    yield linesOf(held === '' ? text : text.slice(0, -1));
  }
  yield linesOf(held + decoder.decode());
}

function linesOf(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
}

/** The first piece that holds something, and all of them. */
async function peek<Piece extends string | Uint8Array>(pieces: AsyncIterable<Piece>) {
  const iterator = pieces[Symbol.asyncIterator]();
  let next = await iterator.next();
  while (!next.done && next.value.length === 0) next = await iterator.next();
  const head: Piece | null = next.done ? null : next.value;
  async function* all(): AsyncGenerator<Piece> {
    for (; !next.done; next = await iterator.next()) yield next.value;
  }
  return { head, all: all() };
}

/** Pieces that are put together until the first one has a whole line: a pipe may give a few characters at a time. */
async function* fromWholeLine(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let first: string | null = '';
  for await (const text of texts) {
    if (first === null) yield text;
    else {
      first += text;
      if (!first.trimStart().includes('\n') && first.length < LONGEST_HEADING) continue;
      yield first;
      first = null;
    }
  }
  if (first !== null) yield first;
}
