import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inspectJson } from '../../../src/http/kit/json-body.ts';
import { findLosses } from '../../../src/http/kit/json-losses.ts';

const lossesOf = (text: string) => findLosses(text, inspectJson(JSON.parse(text)).nameCount);
const pathsOf = (text: string) => lossesOf(text).map(({ path }) => path);
const REPEATED = 'is given more than once';

describe('findLosses', () => {
  it.each([
    ['{"data":{"id":9007199254740993}}', 'data.id'],
    ['{"data":{"ids":[1,[2,9007199254740993]]}}', 'data.ids[1][1]'],
    ['[{"a":1},{"a":0.1234567890123456789}]', '[1].a'],
    [' { "data" :\n\t{ "id" : -9007199254740993 } } ', 'data.id'],
    ['{"a":"x","b":1e-400}', 'b'],
    ['{"a":[],"b":{},"c":[{}],"d":1E400}', 'd'],
    ['{"\\u0061\\"":{"b\\\\":12345678901234567}}', 'a".b\\'],
  ])('names the number that is lost in %s', (text, path) => {
    expect(lossesOf(text)).toEqual([{ path, message: expect.stringContaining('send it as a string') }]);
  });

  it.each([
    ['{"a":1,"a":1}', 'a'],
    ['{"data":{"a":1,"b":2,"a":3}}', 'data.a'],
    ['{"data":[{"a":{}},{"a":{},"a":[]}]}', 'data[1].a'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['{"a" : 1 , "a"\n: 2}', 'a'],
    ['{"":1,"":2}', ''],
    ['{"x":":1e5\\\\","a":"\\"a\\":","a":0}', 'a'],
  ])('names what %s has twice', (text, path) => {
    expect(lossesOf(text)).toEqual([{ path, message: REPEATED }]);
  });

  it.each([
    '{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}',
    '{"id":"9007199254740993","text":"[1e400, \\"a\\": 1, \\"a\\": 2]","a":"\\\\"}',
    '{"a":"\\\\\\\\\\"","b":"{[\\"","c":[true,false,null]}',
    '{"2":1,"1":2,"at":1767225600.123456}',
    '"9007199254740993"',
    '[]',
  ])('finds nothing in %s', (text) => {
    expect(lossesOf(text)).toEqual([]);
  });

  it('lists them all together, 20 at most', () => {
    expect(pathsOf('{"a":1e400,"b":1,"b":1e-400}')).toEqual(['a', 'b', 'b']);
    expect(pathsOf(`[${'1e-400,'.repeat(50)}0]`)).toHaveLength(20);
  });

  it('finds nothing in what JSON.stringify writes, in whatever white space', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 1, '\t'), (value, space) => {
        fc.pre(inspectJson(value).hazard === null);
        expect(lossesOf(JSON.stringify(value, null, space))).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it('finds a lost number and a repeated name wherever they are', () => {
    const lost = '9007199254740993';
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 5 }), fc.string(), (around, name) => {
        fc.pre(inspectJson([around, { [name]: 1 }]).hazard === null);
        const [key, before] = [JSON.stringify(name), around.map((each) => `${JSON.stringify(each)},`).join('')];
        expect(lossesOf(`[${before}${lost}]`).map(({ path }) => path)).toEqual([`[${around.length}]`]);
        expect(lossesOf(`[${before}{${key}:0,${key}:${before === '' ? 0 : `[${before}0]`}}]`)).toMatchObject([
          { message: REPEATED },
        ]);
      }),
    );
  });
});
