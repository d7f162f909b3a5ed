import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import process from 'node:process';
import { printable } from '../../domain/printable-text.ts';
import type { Note } from './import-line.ts';
import type { Outcome } from './sender.ts';

/** Different refusals that are shown to a person, and the lines of each; the report has all. */
const MOST_KINDS = 10;
const MOST_LINES = 5;
const MOST_NAMES = 30;
const RESULTS = ['added', 'updated', 'moved', 'unchanged', 'refused'];

export type Report = {
  add(line: number, outcome: Outcome, notes: readonly Note[]): Promise<void>;
  /** Names in the file that are no field. */
  ignore(names: readonly string[]): void;
  /** What came of all of it, for a person. */
  summary(): string;
  readonly lines: number;
  readonly refused: number;
  close(): Promise<void>;
};

/** Counts, and writes a line of NDJSON for each line of the file: to a path, to standard output (`-`), or nowhere. */
export function createReport(path: string | null): Report {
  const counts = new Map<string, number>();
  const notes = new Map<Note, number>();
  const refusals = new Map<string, Refused>();
  const ignored = new Set<string>();
  const out = path === null ? null : path === '-' ? process.stdout : createWriteStream(path, { mode: 0o600 });
  const count = <Name>(of: Map<Name, number>, name: Name): void => void of.set(name, (of.get(name) ?? 0) + 1);
  const countOf = (name: string): number => counts.get(name) ?? 0;
  return {
    async add(line, outcome, noted) {
      const { result, code, reason } = outcome;
      count(counts, result);
      for (const note of noted) count(notes, note);
      if (result === 'refused') noteRefusal(refusals, line, `${code}\n${reason}`);
      if (out !== null) await write(out, { line, ...outcome });
    },
    ignore(names) {
      for (const name of names) if (ignored.size < MOST_NAMES) ignored.add(name);
    },
    get lines() {
      return RESULTS.reduce((sum, result) => sum + countOf(result), 0);
    },
    get refused() {
      return countOf('refused');
    },
    summary() {
      const rows = RESULTS.filter((result) => countOf(result) > 0).map((result) => row(countOf(result), result));
      const texts = [...refusals].flatMap(([kind, refused]) => textOf(kind, refused));
      const told = [...refusals.values()].reduce((sum, { count: number }) => sum + number, 0);
      const more = countOf('refused') - told;
      const rest = more > 0 ? [`${more} more were refused for other reasons: --report FILE tells of every line`] : [];
      return [
        ...rows,
        ...paragraph([...texts, ...rest]),
        ...paragraph([...sentencesOf(notes), ...ignoredText(ignored)]),
      ]
        .map((text) => `${text}\n`)
        .join('');
    },
    async close() {
      if (out === null || out === process.stdout) return;
      (out as WriteStream).end();
      await once(out, 'close');
    },
  };
}

type Refused = { count: number; readonly lines: number[] };

/** Of kinds that come later than the first few only the number is kept: a reason may name something else in each line. */
function noteRefusal(refusals: Map<string, Refused>, line: number, kind: string): void {
  const refused = refusals.get(kind) ?? { count: 0, lines: [] };
  if (refused.count === 0 && refusals.size === MOST_KINDS) return;
  refusals.set(kind, refused);
  refused.count += 1;
  if (refused.lines.length < MOST_LINES) refused.lines.push(line);
}

function textOf(kind: string, { count, lines }: Refused): readonly string[] {
  const [code, reason = ''] = kind.split('\n');
  const more = count > lines.length ? ', …' : '';
  const where = count === 1 ? `line ${lines[0]}` : `${count} lines: ${lines.join(', ')}${more}`;
  return [`${code} (${where})`, `    ${printable(reason)}`];
}

async function write(out: NodeJS.WritableStream, value: unknown): Promise<void> {
  if (!out.write(`${JSON.stringify(value)}\n`)) await once(out, 'drain');
}

function ignoredText(names: ReadonlySet<string>): readonly string[] {
  return names.size === 0 ? [] : [`Not taken along: ${printable([...names].join(', '))}.`];
}

function row(number: number, name: string): string {
  return `${String(number).padStart(9)}  ${name}`;
}

function paragraph(texts: readonly string[]): readonly string[] {
  return texts.length === 0 ? [] : ['', ...texts];
}

const SENTENCES: Readonly<Record<Note, (count: number) => string>> = {
  tags: (count) => `${count} lines have tags: the users of those that are not refused have them beside their own.`,
  strange_tags: (count) =>
    `${count} of them have tags that are left out: up to 200, each 1 to 64 of the characters A-Z a-z 0-9 _ . : / -`,
  unread_instant: (count) =>
    `${count} times could not be read, and count as not given: write ISO 8601, or seconds or milliseconds since 1970.`,
};

function sentencesOf(notes: ReadonlyMap<Note, number>): readonly string[] {
  return (Object.keys(SENTENCES) as Note[]).flatMap((note) => {
    const number = notes.get(note) ?? 0;
    return number === 0 ? [] : [SENTENCES[note](number)];
  });
}
