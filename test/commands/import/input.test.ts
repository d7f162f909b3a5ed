import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/commands/import/entry.ts';
import { type Format, openInput } from '../../../src/commands/import/input.ts';

const folder = mkdtempSync(join(tmpdir(), 'bellhop-input-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(content: string | Uint8Array, name = 'file', given: Format | null = null) {
  const path = join(folder, name);
  writeFileSync(path, content);
  const { format, entries } = await openInput(path, given);
  const all: Entry[] = [];
  for await (const entry of entries) all.push(entry);
  return { format, entries: all };
}
const RECORD = { endpoint: 'https://a', user: 'ada' };
const ROWS = [{ line: 2, record: RECORD }];

describe('CSV', () => {
  it.each([
    ['commas', 'endpoint,user\nhttps://a,ada\n'],
    ['semicolons and CRLF', 'endpoint;user\r\nhttps://a;ada\r\n'],
    ['tabs and CR', 'endpoint\tuser\rhttps://a\tada\r'],
    ['bars and no end of the last line', 'endpoint|user\nhttps://a|ada'],
    ['a byte order mark and quotes', '\ufeff"endpoint","user"\r\n"https://a","ada"\r\n'],
    ['commas within a quoted name of a file with semicolons', '"endpoint";"user"\n"https://a";ada\n\n'],
  ])('with %s is read', async (_, text) => {
    expect(await read(text, 'x.csv')).toEqual({ format: 'csv', entries: ROWS });
    expect(await read(gzipSync(text), 'x.csv.gz')).toEqual({ format: 'csv', entries: ROWS });
  });

  it('keeps the number of each line, over blank lines and line breaks in quotes', async () => {
    const text = 'a,b\r\n1,"x\r\ny ""z"""\r\n\r\n2,bad"quote\r\n3\r\n"4"x,5\r\n';
    expect((await read(text)).entries).toEqual([
      { line: 2, record: { a: '1', b: 'x\ny "z"' } },
      { line: 5, record: { a: '2', b: 'bad"quote' } },
      { line: 6, refusal: { code: 'malformed_csv', reason: 'The line has 1 fields, and the heading 2 columns.' } },
      { line: 7, record: { a: '"4"x', b: '5' } },
    ]);
  });

  it('says from where on it cannot be read, and keeps what stands before', async () => {
    const { entries } = await read('a,b\n1,2\n"3,4\n5,6\n');
    expect(entries).toMatchObject([{ line: 2 }, { line: 3, refusal: { code: 'malformed_csv' } }]);
  });

  it.each([
    ['nothing', '', 'There is nothing in it'],
    ['one column', 'https://a\n', 'names one column at most'],
    ['a JSON array', '[{"endpoint": "x"}]', 'jq -c'],
    ['UTF-16', Buffer.from('\ufeffendpoint,user\n', 'utf16le'), 'UTF-16'],
  ])('is refused as %s', async (_, content, says) => {
    await expect(read(content)).rejects.toThrow(says);
  });

  it('is refused where there is no file', async () => {
    await expect(openInput(join(folder, 'none'), null)).rejects.toThrow('It cannot be read (ENOENT)');
    await expect(openInput(folder, null)).rejects.toThrow('It cannot be read (EISDIR)');
  });
});

describe('NDJSON', () => {
  it('is read line by line, and each line stands alone', async () => {
    const text = `\ufeff{"endpoint":"https://a","user":"ada"}\r\n\r\n{broken\n[1]\n"${'x'.repeat(300_000)}"\n{}`;
    const { format, entries } = await read(text, 'x.txt');
    expect(format).toBe('ndjson');
    const refusal = { code: 'malformed_json' };
    expect(entries).toMatchObject([
      { line: 1, record: RECORD },
      { line: 3, refusal },
      { line: 4, refusal },
      { line: 5, refusal },
      { line: 6, record: {} },
    ]);
    expect(JSON.stringify(entries)).not.toContain('broken');
  });

  it('is chosen by its name, or by whoever asks', async () => {
    expect((await read('oops\n{"a":1}', 'x.jsonl')).format).toBe('ndjson');
    expect((await read('a,b\n1,2', 'y.csv', 'ndjson')).entries).toHaveLength(2);
  });
});
