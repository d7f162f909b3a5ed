/**
 * Whether a 64-bit float keeps the number that this JSON text writes: it prints as the same decimal value again, shortest or, as
 * many programs print floats, in 17 digits. Lost are 9007199254740993, 0.1234567890123456789, 1e400 and 1e-400; kept are 1.0
 * for 1, 1e2 for 100, and -0 for 0.
 */
export function isKeptByFloat(text: string): boolean {
  const float = Number(text);
  if (!Number.isFinite(float)) return false;
  const given = decimalOf(text);
  return given === decimalOf(String(float)) || given === decimalOf(float.toPrecision(17));
}

/** The value as its significant digits and a power of ten: one text for each value. */
function decimalOf(text: string): string {
  const isNegative = text.startsWith('-');
  const [mantissa = '', exponent = '0'] = text.slice(isNegative ? 1 : 0).split(/[eE]/);
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = whole + fraction;
  let first = 0;
  while (digits[first] === '0') first += 1;
  if (first === digits.length) return '0';
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  const power = Number(exponent) - fraction.length + (digits.length - end);
  return `${isNegative ? '-' : ''}${digits.slice(first, end)}e${power}`;
}
