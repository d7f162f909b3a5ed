/** The longest type, and so the longest pattern. */
const MAX_TYPE_LENGTH = 64;

/** A type's name, as `order.shipped`. */
export const TYPE_NAME = /^[A-Za-z0-9._:/-]{1,64}$/;

/** `*` for all types, `digest.*` for all whose names begin so, or one type's name. */
export function isTypePattern(text: string): boolean {
  if (text === '*') return true;
  const name = text.endsWith('.*') ? text.slice(0, -2) : text;
  return text.length <= MAX_TYPE_LENGTH && TYPE_NAME.test(name);
}

/** The patterns that match a type, the longest first: `a.b.c` is matched by `a.b.c`, `a.b.*`, `a.*` and `*`. */
export function patternsOf(type: string): readonly string[] {
  const patterns = [type];
  for (let dot = type.lastIndexOf('.'); dot > 0; dot = type.lastIndexOf('.', dot - 1)) {
    patterns.push(`${type.slice(0, dot)}.*`);
  }
  patterns.push('*');
  return patterns;
}
