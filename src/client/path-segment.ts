/** A name as one segment of a path. Throws for `.` and `..`: URL parsers take both, encoded or not, for steps along the path. */
export function pathSegment(name: string): string {
  if (['', '.', '..'].includes(name)) throw new RangeError(`“${name}” cannot stand in a path`);
  return encodeURIComponent(name);
}
