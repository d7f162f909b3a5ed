import { Buffer } from 'node:buffer';

/** A line that has something on it. */
export type Line = {
  /** From 1, empty lines counted, as editors show it. */
  readonly number: number;
  /** Without its end and the white space around it; null where it is longer than any line may be. */
  readonly octets: Uint8Array | null;
};

/** Lines that are handled together. */
export type LineGroup = readonly Line[];

/** So few that handling them leaves room for others soon. */
const MOST_LINES = 32;

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/**
 * Takes a body apart as it arrives, and gives what came together in groups. A line ends with LF or CRLF, and the last one with the body.
 * Empty lines and a byte order mark at the start are passed over. No more is kept than one line of `mostOctets`. What comes before a
 * break is given, but never a line that the break may have cut.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, mostOctets: number): AsyncGenerator<LineGroup> {
  const lines = new LineReader(mostOctets);
  for await (const chunk of chunks) {
    yield* lines.take(chunk);
  }
  const last = lines.end();
  if (last !== null) yield [last];
}

class LineReader {
  private readonly mostOctets: number;
  private number = 0;
  /** Of the line that has begun. */
  private pieces: Uint8Array[] = [];
  private octets = 0;

  constructor(mostOctets: number) {
    this.mostOctets = mostOctets;
  }

  *take(chunk: Uint8Array): Generator<LineGroup> {
    let group: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      this.keep(chunk.subarray(start, end));
      start = end + 1;
      const line = this.end();
      if (line !== null) group.push(line);
      if (group.length < MOST_LINES) continue;
      yield group;
      group = [];
    }
    this.keep(chunk.subarray(start));
    if (group.length > 0) yield group;
  }

  /** Ends the line that has begun. Null where there is nothing on it. */
  end(): Line | null {
    const { pieces, octets } = this;
    this.pieces = [];
    this.octets = 0;
    this.number += 1;
    if (octets > this.mostOctets) return { number: this.number, octets: null };
    const [only = new Uint8Array()] = pieces;
    const whole = withoutSpace(pieces.length > 1 ? Buffer.concat(pieces) : only, this.number === 1);
    return whole.byteLength === 0 ? null : { number: this.number, octets: whole };
  }

  private keep(piece: Uint8Array): void {
    if (piece.byteLength === 0) return;
    this.octets += piece.byteLength;
    if (this.octets > this.mostOctets) this.pieces = [];
    else this.pieces.push(piece);
  }
}

function withoutSpace(octets: Uint8Array, isFirst: boolean): Uint8Array {
  let start = isFirst && BYTE_ORDER_MARK.every((octet, at) => octets[at] === octet) ? BYTE_ORDER_MARK.length : 0;
  let end = octets.byteLength;
  while (start < end && isSpace(octets[start])) start += 1;
  while (end > start && isSpace(octets[end - 1])) end -= 1;
  return octets.subarray(start, end);
}

/** What JSON allows around a value (RFC 8259 section 2), but for the line feed. */
function isSpace(octet: number | undefined): boolean {
  return octet === 0x20 || octet === 0x09 || octet === 0x0d;
}
