import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linesOf } from '../../../src/http/kit/lines.ts';

async function* inPieces(octets: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < octets.byteLength; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield octets.slice(at, at + size);
    at += size;
  }
}

const read = async (text: string | Uint8Array, { most = 1000, sizes = [64] } = {}) => {
  const octets = typeof text === 'string' ? Buffer.from(text) : text;
  const found: [number, string | null][] = [];
  for await (const group of linesOf(inPieces(octets, sizes), most)) {
    expect(group.length).toBeGreaterThan(0);
    expect(group.length).toBeLessThanOrEqual(32);
    for (const line of group) found.push([line.number, line.octets && Buffer.from(line.octets).toString('utf8')]);
  }
  return found;
};

describe('lines', () => {
  it.each([
    ['nothing', '', []],
    [
      'a last line without an end',
      '{}\n[]',
      [
        [1, '{}'],
        [2, '[]'],
      ],
    ],
    [
      'a last line with one',
      '{}\n[]\n',
      [
        [1, '{}'],
        [2, '[]'],
      ],
    ],
    [
      'CRLF',
      '{}\r\n[]\r\n',
      [
        [1, '{}'],
        [2, '[]'],
      ],
    ],
    [
      'empty lines, which count',
      '\n\n{}\n \t\r\n[]\n\n',
      [
        [3, '{}'],
        [5, '[]'],
      ],
    ],
    [
      'a byte order mark',
      '\ufeff{}\n[]',
      [
        [1, '{}'],
        [2, '[]'],
      ],
    ],
    [
      'one that is no mark, further down',
      '{}\n\ufeff[]',
      [
        [1, '{}'],
        [2, '\ufeff[]'],
      ],
    ],
    ['a mark alone', '\ufeff\n{}', [[2, '{}']]],
    ['white space around a line', '  {}\t \n', [[1, '{}']]],
  ] as const)('%s', async (_, text, expected) => {
    for (const sizes of [[1], [2, 3], [1000]]) expect(await read(text, { sizes })).toEqual(expected);
  });

  it('too long are told as such, wherever they are cut, and cost no other line', async () => {
    const text = `${'a'.repeat(10)}\n${'b'.repeat(11)}\nc\n${'d'.repeat(5000)}`;
    for (const sizes of [[1], [7], [10_000]]) {
      expect(await read(text, { most: 10, sizes })).toEqual([
        [1, 'a'.repeat(10)],
        [2, null],
        [3, 'c'],
        [4, null],
      ]);
    }
  });

  it('of a body that breaks off end with the last whole one', async () => {
    const broken = async function* () {
      yield Buffer.from('{"a":1}\n{"b":2}');
      throw new Error('gone');
    };
    const found: number[] = [];
    const reading = async () => {
      for await (const group of linesOf(broken(), 100)) found.push(...group.map(({ number }) => number));
    };
    await expect(reading()).rejects.toThrow('gone');
    expect(found).toEqual([1]);
  });

  it('are the same, however the octets come', async () => {
    const text = fc.array(fc.constantFrom('\n', '\r\n', 'a', '{"é":"\ud83d\ude00"}', ' ', '\n\n'), { maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
        async (all, sizes) => {
          const whole = all.join('');
          const expected = whole
            .split('\n')
            .map((line, at): [number, string] => [at + 1, line.replace(/^[ \t\r]+|[ \t\r]+$/g, '')])
            .filter(([, line]) => line !== '');
          expect(await read(whole, { sizes })).toEqual(expected);
        },
      ),
    );
  });
});
