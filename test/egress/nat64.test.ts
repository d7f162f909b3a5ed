import { describe, expect, test } from 'vitest';
import { prefixesIn } from '../../src/egress/nat64.ts';

describe('prefixesIn', () => {
  test('finds one for each of several translators, and each once', () => {
    const answers = ['2a0a:1::c000:aa', '2a0a:1::c000:ab', '2a0a:2:c000:aa::', '192.0.0.170'];
    expect(prefixesIn(answers)).toMatchObject([
      { address: '2a0a:1:0:0:0:0:0:0', length: 96 },
      { address: '2a0a:2:0:0:0:0:0:0', length: 32 },
    ]);
  });

  test('finds none where the known address is not within, or the reserved octet is not zero', () => {
    expect(prefixesIn([])).toEqual([]);
    expect(prefixesIn(['192.0.0.170', '2a0a:1::1', '::1'])).toEqual([]);
    expect(prefixesIn(['2a0a:1:c000:aa:ff00::'])).toEqual([]);
  });

  test('goes by both answers where one can be read in two ways, and believes neither reading where they do not tell', () => {
    // At 32 and at 96 bits.
    const twice = '2a0a:1:c000:aa::c000:aa';
    expect(prefixesIn([twice])).toEqual([]);
    expect(prefixesIn([twice, '2a0a:1:c000:aa::c000:ab'])).toMatchObject([{ length: 96 }]);
    expect(prefixesIn([twice, '2a0a:1:c000:ab::'])).toMatchObject([{ length: 32 }]);
  });
});
