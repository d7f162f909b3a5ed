import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableLines } from '../../src/domain/printable-text.ts';
import { UNPRINTABLE } from '../support/unprintable.ts';

describe('printable text', () => {
  it.each(UNPRINTABLE)('shows %s as an escape', (_, character, shown) => {
    expect(printable(`a${character}b`)).toBe(`a${shown}b`);
    expect(printableLines(`a${character}b`)).toBe(`a${shown}b`);
  });

  it('stays on one line, or keeps the lines it has', () => {
    expect(printable('one\ntwo\n')).toBe('one\\ntwo\\n');
    expect(printableLines('one\ntwo\r\n')).toBe('one\ntwo\\r\n');
  });

  it.each(['', 'user-42', 'Zoë Müller', '注文の発送', 'שלום', 'e\u0301', '🔔', '“…”', 'C:\\data'])(
    'leaves %j as it is',
    (text) => {
      expect(printable(text)).toBe(text);
    },
  );

  it('leaves JSON what it means', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(JSON.parse(printableLines(JSON.stringify({ [text]: [text] }, null, 2)))).toEqual({ [text]: [text] });
      }),
    );
  });
});
