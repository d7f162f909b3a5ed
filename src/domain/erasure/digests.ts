import { createHash, createHmac } from 'node:crypto';
import { ERASED_KINDS, type Erasure, type ErasureResult } from './erasure.ts';

/** The name of the fact that has the key of all digests and signatures of erasures. */
export const ERASURE_KEY_FACT = 'erasure_key';

/** What an erasure is known by: whoever has it and no key cannot try out names. */
export function userDigestOf(key: string, userId: string): string {
  return digestWith(key, ['user', userId]);
}

/** By which two installations know that they have the same key. */
export function keyIdOf(key: string): string {
  return createHash('sha256').update(`erasure key ${key}`).digest('base64url').slice(0, 16);
}

/** What a receipt says, in the order in which it is signed. */
export type ReceiptFacts = Pick<Erasure, 'id' | 'userDigest'> & ErasureResult;

/** Over everything that the receipt says, line by line: docs/privacy.md. */
export function receiptSignature(
  key: string,
  { id, userDigest, erasedAtMs, completedAtMs, counts }: ReceiptFacts,
): string {
  const counted = ERASED_KINDS.map((kind) => `${kind}=${counts[kind]}`).join(',');
  return digestWith(key, ['receipt', id, userDigest, String(erasedAtMs), String(completedAtMs), counted]);
}

function digestWith(key: string, lines: readonly string[]): string {
  return createHmac('sha256', key).update(JSON.stringify(lines)).digest('base64url');
}
