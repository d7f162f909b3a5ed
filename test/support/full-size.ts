/**
 * How many of something a test takes: all where `FULL_SIZE=true`, as before a release, else enough to show the same in a
 * run that somebody waits for.
 */
export function atFullSize(full: number, otherwise: number): number {
  return process.env.FULL_SIZE === 'true' ? full : otherwise;
}
