import fc from 'fast-check';
import { expect, it } from 'vitest';
import { correctionsOf } from '../../../src/domain/tally/correction.ts';
import { talliesFrom } from '../../../src/domain/tally/tally.ts';

const look = (before: number, rows: number, after: number) => ({
  before: talliesFrom(new Map([['ended failed', before]])),
  rows: talliesFrom(new Map([['ended failed', rows]])),
  after: talliesFrom(new Map([['ended failed', after]])),
});
const corrected = (one: ReturnType<typeof look>, two: ReturnType<typeof look>) =>
  correctionsOf([one, two])[0]?.[1] ?? 0;

it('is exact where nothing goes on', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (count, rows) => {
      expect(count + corrected(look(count, rows, count), look(count, rows, count))).toBe(rows);
    }),
  );
});

it('touches no other count', () => {
  expect(correctionsOf([look(1, 2, 1), look(1, 2, 1)])).toEqual([['ended failed', 1]]);
});

it('leaves a count that is right, however much it grows while rows are counted', () => {
  const grown = fc.record({ before: fc.nat(1000), until: fc.nat(1000), later: fc.nat(1000) });
  fc.assert(
    fc.property(grown, grown, (one, two) => {
      const looks = [one, two].map(({ before, until, later }) => look(before, before + until, before + until + later));
      expect(corrected(looks[0]!, looks[1]!)).toBe(0);
    }),
  );
});

it('corrects no more than is wrong for sure, and nothing that one look alone has seen', () => {
  expect(corrected(look(10, 25, 12), look(12, 24, 13))).toBe(11);
  expect(corrected(look(20, 5, 22), look(22, 9, 22))).toBe(-13);
  expect(corrected(look(10, 25, 12), look(12, 12, 13))).toBe(0);
  expect(corrected(look(10, 25, 12), look(30, 12, 30))).toBe(0);
});
