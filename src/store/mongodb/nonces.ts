import type { NonceStore } from '../nonce-store.ts';
import { encodeText } from '../stored-text.ts';
import type { Collections } from './collections/collections.ts';
import { instant } from './collections/instant.ts';
import { optionsOf } from './collections/named-query.ts';
import { NONCE } from './collections/short-lived-queries.ts';
import { duplicateField } from './server/mongo-error.ts';
import type { Operations } from './server/operations.ts';
import { writeToken } from './server/write-token.ts';

export function mongoNonces(collections: Collections, operations: Operations): NonceStore {
  return {
    use: (nonce, expiresAtMs) => operations.run(() => use(collections, nonce, expiresAtMs)),
  };
}

async function use({ nonces }: Collections, nonce: string, expiresAtMs: number): Promise<boolean> {
  const token = writeToken();
  const _id = encodeText(nonce);
  try {
    await nonces.insertOne({ _id, token, expiresAt: instant(expiresAtMs) });
    return true;
  } catch (error) {
    if (duplicateField(error) === null) throw error;
    // A duplicate may be this very insertion, whose answer was lost.
    return (await nonces.findOne(NONCE.filter(_id), optionsOf(NONCE)))?.token === token;
  }
}
