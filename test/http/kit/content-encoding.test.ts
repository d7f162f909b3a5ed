import { describe, expect, it } from 'vitest';
import { chooseEncoding } from '../../../src/http/kit/content-encoding.ts';

describe('the encoding of an answer', () => {
  it.each([
    [undefined, 'identity'],
    ['', 'identity'],
    ['identity', 'identity'],
    ['deflate, compress', 'identity'],
    ['gzip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['GZIP;Q=0.5', 'gzip'],
    ['gzip, deflate, br', 'br'],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip;q=1.0, br;q=0.9', 'gzip'],
    ['br ; q=0.001 , gzip;q=0', 'br'],
    ['gzip;q=0', 'identity'],
    ['gzip;q=0.000, *', 'br'],
    ['*', 'br'],
    ['*;q=0', 'identity'],
    ['identity;q=0.5, gzip;q=0.2', 'identity'],
    ['identity;q=0.5, *;q=0', 'identity'],
    ['identity;q=0, gzip', 'gzip'],
    ['identity, gzip', 'gzip'],
    // What cannot be read counts as not there.
    ['gzip;q=2', 'identity'],
    ['gzip;q=-1, br;level=4', 'identity'],
    [', ,;;', 'identity'],
  ])('for Accept-Encoding %j is %s', (accepted, expected) => {
    expect(chooseEncoding(accepted)).toBe(expected);
  });
});
