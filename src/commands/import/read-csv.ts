import { Readable } from 'node:stream';
import { type CsvError, type Info, parse } from 'csv-parse';
import { type Entry, UnreadableFile } from './entry.ts';

const DELIMITERS = [',', ';', '\t', '|'];
const MAX_RECORD_LENGTH = 256 * 1024;

type Row = { readonly record: readonly string[]; readonly info: Info };

/**
 * A heading with the names of the columns, then a record on each line, or on several where a field in quotes has line
 * breaks. What separates the fields is found in the heading: comma, semicolon, tab or bar.
 */
export async function* readCsv(texts: AsyncIterable<string>, head: string): AsyncGenerator<Entry> {
  let damage: CsvError | undefined;
  const parser = parse({
    delimiter: delimiterOf(head),
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    // Else whatever was read before a damaged place would be lost with it.
    skip_records_with_error: true,
    on_skip: (error) => {
      damage ??= error;
      return undefined;
    },
    max_record_size: MAX_RECORD_LENGTH,
  });
  const source = Readable.from(texts);
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  let names: readonly string[] | null = null;
  let lastLine = 0;
  for await (const { record: fields, info } of parser as AsyncIterable<Row>) {
    const line = info.lines - fields.reduce((count, field) => count + (field.split('\n').length - 1), 0);
    lastLine = info.lines;
    if (names === null) names = namesIn(fields);
    else yield entryOf(line, names, fields);
  }
  if (damage !== undefined) yield { line: lastLine + 1, refusal: { code: 'malformed_csv', reason: UNCLOSED } };
}

const UNCLOSED =
  'From here on nothing could be read: a field begins with a quote that is never closed. Mend it, and import again.';

function namesIn(fields: readonly string[]): readonly string[] {
  const names = fields.map((field) => field.trim());
  if (names.length > 1) return names;
  throw new UnreadableFile('Its first line names one column at most: CSV begins with the names of its columns.');
}

function entryOf(line: number, names: readonly string[], fields: readonly string[]): Entry {
  if (fields.length !== names.length) {
    const reason = `The line has ${fields.length} fields, and the heading ${names.length} columns.`;
    return { line, refusal: { code: 'malformed_csv', reason } };
  }
  return { line, record: Object.fromEntries(names.map((name, at) => [name, fields[at]])) };
}

/** The one that stands most often in the heading, outside of quotes. */
function delimiterOf(head: string): string {
  const [heading = ''] = head.trimStart().split('\n', 1);
  const bare = heading
    .split('"')
    .filter((_, at) => at % 2 === 0)
    .join('');
  const counts = DELIMITERS.map((each) => bare.split(each).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
}
