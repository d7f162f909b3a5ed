import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../../../domain/app-error.ts';
import type { Collections, MetaDocument } from '../collections/collections.ts';
import { duplicateField } from './mongo-error.ts';
import { writeToken } from './write-token.ts';

export type SoleProcessOptions = {
  /** Told, once, when another process has taken over, as it may after this one was cut off from MongoDB for long. */
  readonly onLost: (error: AppError) => void;
  /** How often the holder shows that it lives. */
  readonly beatMs?: number;
  /** Without a beat for this long the holder counts as gone. */
  readonly goneAfterMs?: number;
};

const DEFAULT_BEAT_MS = 1000;
const DEFAULT_GONE_AFTER_MS = 6000;

/** How often a holder that may be gone is looked at in that time. */
const LOOKS = 12;

type Held = { readonly holder: string; readonly beat: number };

/**
 * Makes this process the only one on its database, which it must be where jobs wait in its own memory. Watches a
 * holder that is there already: one that beats is refused for, with AppError `store_unavailable`; one that was killed is
 * succeeded. No clocks are compared. Resolves with the way to let go.
 */
export async function beSoleProcess(
  collections: Collections,
  options: SoleProcessOptions,
): Promise<() => Promise<void>> {
  const { beatMs = DEFAULT_BEAT_MS, goneAfterMs = DEFAULT_GONE_AFTER_MS } = options;
  const me = writeToken();
  const found = await takeFree(collections, me);
  if (found !== null) await succeed(collections, me, found, goneAfterMs);
  let isHeld = true;
  const letGo = new AbortController();
  const beating = (async () => {
    while (isHeld) {
      await wait(beatMs, undefined, { signal: letGo.signal, ref: false }).catch(() => {});
      if (letGo.signal.aborted) return;
      // A beat that fails tells nothing: MongoDB may be back before anybody else comes.
      isHeld = (await beat(collections, me).catch(() => null)) ?? true;
    }
    options.onLost(anotherProcess());
  })();
  return async () => {
    letGo.abort();
    await beating;
    await collections.meta.deleteOne({ _id: 'sole_process', holder: me }).catch(() => {});
  };
}

/** Null where it was free and is mine now; else who holds it. */
async function takeFree({ meta }: Collections, me: string): Promise<Held | null> {
  try {
    await meta.insertOne({ _id: 'sole_process', holder: me, beat: 0 });
    return null;
  } catch (error) {
    if (duplicateField(error) === null) throw error;
    const held = heldBy(await meta.findOne({ _id: 'sole_process' }));
    // A duplicate may be this very insertion, whose answer was lost.
    return held.holder === me ? null : held;
  }
}

function heldBy(document: MetaDocument | null): Held {
  return { holder: document?.holder ?? '', beat: document?.beat ?? 0 };
}

async function succeed(collections: Collections, me: string, held: Held, goneAfterMs: number): Promise<void> {
  const { meta } = collections;
  for (let look = 0; look < LOOKS; look++) {
    await wait(goneAfterMs / LOOKS);
    const document = await meta.findOne({ _id: 'sole_process' });
    if (document === null && (await takeFree(collections, me)) === null) return;
    const now = heldBy(document);
    if (now.holder !== held.holder || now.beat !== held.beat) throw anotherProcess();
  }
  const { matchedCount } = await meta.updateOne(
    { _id: 'sole_process', holder: held.holder, beat: held.beat },
    { $set: { holder: me, beat: 0 } },
  );
  if (matchedCount === 0) throw anotherProcess();
}

async function beat({ meta }: Collections, me: string): Promise<boolean> {
  const { matchedCount } = await meta.updateOne({ _id: 'sole_process', holder: me }, { $inc: { beat: 1 } });
  return matchedCount > 0;
}

function anotherProcess(): AppError {
  return new AppError(
    'store_unavailable',
    'Another Bellhop process works on the database of MONGODB_URL. Stop it, or set REDIS_URL in both: with it they share the work.',
  );
}
