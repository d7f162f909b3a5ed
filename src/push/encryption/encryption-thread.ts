import { parentPort } from 'node:worker_threads';
import type { SubscriptionKeys } from '../../domain/subscription/subscription.ts';
import { createEncryptMessage } from './message-encryption.ts';

/** What the thread is asked for: messages, in order. */
export type EncryptionRequest = readonly { readonly keys: SubscriptionKeys; readonly payload: string }[];

/** Their bodies one behind the other, moved and not copied, and where each ends; null: the keys were no keys. */
export type EncryptionReply = { readonly bodies: ArrayBuffer; readonly lengths: readonly (number | null)[] };

const encrypt = createEncryptMessage();

parentPort?.on('message', (messages: EncryptionRequest) => {
  const bodies = messages.map(({ keys, payload }) => encrypt(keys, payload));
  const lengths = bodies.map((body) => body?.length ?? null);
  const all = new Uint8Array(lengths.reduce<number>((sum, length) => sum + (length ?? 0), 0));
  let offset = 0;
  for (const body of bodies) {
    if (body === null) continue;
    all.set(body, offset);
    offset += body.length;
  }
  parentPort?.postMessage({ bodies: all.buffer, lengths } satisfies EncryptionReply, [all.buffer]);
});
