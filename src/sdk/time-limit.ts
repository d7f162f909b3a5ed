/** Rejects after this long. All tabs of a site wait for each other, so nothing may wait for ever. */
export function timeLimit(limitMs: number): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error(`nothing within ${limitMs} ms`)), limitMs));
}
