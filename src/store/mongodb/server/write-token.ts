import { randomBytes } from 'node:crypto';

const thisProcess = randomBytes(6).toString('base64url');
let made = 0;

/** A text that marks one write among all writes of all processes. */
export function writeToken(): string {
  made += 1;
  return `${thisProcess}${made.toString(36)}`;
}

/** How many tokens a delivery keeps: a writer asks within milliseconds, so a few writes later is enough. */
const TOKENS_KEPT = 4;

/** The part of an update that leaves the token. */
export function leaveToken(token: string) {
  return { writes: { $each: [token], $slice: -TOKENS_KEPT } };
}

/** The same in an update that is a pipeline, where `token` is an expression. */
export function withToken(token: object) {
  return { writes: { $slice: [{ $concatArrays: [{ $ifNull: ['$writes', []] }, [token]] }, -TOKENS_KEPT] } };
}
