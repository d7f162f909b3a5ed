import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isKeptByFloat } from '../../src/domain/decimal.ts';

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

/** A whole number as programs print it that print floats in 17 digits. */
function in17Digits(float: number): bigint {
  const [digits = '', exponent] = float.toPrecision(17).split('e+');
  return exponent === undefined
    ? BigInt(float)
    : BigInt(digits.replace('.', '')) * 10n ** BigInt(Number(exponent) - 16);
}

describe('a number in JSON', () => {
  it.each([
    ['0', '-0', '0.0', '0e5', '-0.00E-7', '0e999999999999'],
    ['1', '1.0', '1e0', '10e-1', '0.01e2', '-1.50', '1E+2'],
    ['9007199254740991', '9007199254740992', '-9007199254740992', '9007199254740994'],
    ['12345678901234568', '1000000000000000000000', '1e308', '1.7976931348623157e308', '5e-324'],
    // As Python, Java and JavaScript print floats; and as PHP and C do with 17 digits.
    ['0.1', '0.30000000000000004', '1767225600.123456', '0.10000000000000001', '1.1000000000000001', '3.3e-05'],
  ])('is kept: %s, %s, …', (...texts) => {
    for (const text of texts) expect(isKeptByFloat(text), text).toBe(true);
  });

  it.each([
    ['9007199254740993', '-9007199254740993', '9007199254740993.0', '9007199254740993e0', '90071992547409930e-1'],
    ['12345678901234567', '1099511627776123456789', '18446744073709551615', '9223372036854775807'],
    ['0.10000000000000000555', '0.1234567890123456789', '3.14159265358979323846', '1.00000000000000000001'],
    ['1e400', '-1e400', '1e309', `1${'0'.repeat(400)}`],
    ['1e-400', '4e-324', '1e-9999999999999999999999'],
  ])('is lost: %s, %s, …', (...texts) => {
    for (const text of texts) expect(isKeptByFloat(text), text).toBe(false);
  });

  it('is kept as any program prints a float, and however it is shifted and padded', () => {
    fc.assert(
      fc.property(finite, fc.nat(30), (float, zeros) => {
        const shortest = JSON.stringify(float);
        const [mantissa = '', exponent = '0'] = shortest.split('e');
        const padded = `${mantissa}${mantissa.includes('.') ? '' : '.'}${'0'.repeat(zeros + 1)}E${exponent}`;
        for (const text of [shortest, padded, float.toPrecision(17), float.toExponential()])
          expect(isKeptByFloat(text), text).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('is kept where it has up to 15 digits', () => {
    fc.assert(
      fc.property(fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 }), fc.nat(300), (digits, power) => {
        expect(isKeptByFloat(`${digits}e-${Math.min(power, 290)}`)).toBe(true);
        expect(isKeptByFloat(String(digits))).toBe(true);
      }),
    );
  });

  it('is kept, as a whole number, where a float is equal to it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (whole) => {
        const float = Number(whole);
        // A number so large has more digits than a float prints: what it prints is what arrives.
        const arrives = BigInt(JSON.stringify(float).includes('e') ? BigInt(float) : JSON.stringify(float));
        if (isKeptByFloat(String(whole))) expect([BigInt(float), arrives, in17Digits(float)]).toContain(whole);
        if (arrives === whole && !JSON.stringify(float).includes('e')) expect(isKeptByFloat(String(whole))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
