/** Letters to add, leave out, replace or exchange with their neighbour until the one is the other. */
export function spellingDistance(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const isSame = one[row - 1] === other[column - 1];
      const isExchanged = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isExchanged ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [beforeLast, last] = [last, current];
  }
  return last[other.length] ?? 0;
}

/** One slip for every three letters, so that a short word is not taken for another short word. */
const LETTERS_PER_SLIP = 3;
/** Of which nothing that anybody meant is longer. */
const LONGEST_WORD = 60;
/** Fewer letters begin too many words. */
const SHORTEST_BEGINNING = 3;

/** The one of these names that was most likely meant by a word that is none of them; null: nothing is near. */
export function nearestName(word: string, names: readonly string[]): string | null {
  if (word.length > LONGEST_WORD) return null;
  const small = word.toLowerCase();
  const begun = names.find((name) => small.length >= SHORTEST_BEGINNING && name.startsWith(small));
  if (begun !== undefined) return begun;
  const most = Math.max(1, Math.floor(word.length / LETTERS_PER_SLIP));
  const near = names
    .map((name) => ({ name, distance: spellingDistance(small, name) }))
    .filter(({ distance }) => distance <= most)
    .sort((one, other) => one.distance - other.distance);
  return near[0]?.name ?? null;
}
