import { AppError } from '../domain/app-error.ts';
import { PUSH_SERVICES } from '../domain/push-service/push-service.ts';
import type { SubscriptionStore } from '../store/subscription-store.ts';
import type { TallyStore } from '../store/tally-store.ts';

/** How many active subscriptions one VAPID key has. */
type VapidKeyUse = {
  readonly publicKey: string;
  /** Browsers subscribe with this one now. */
  readonly isCurrent: boolean;
  /** False: nothing can be sent to the subscriptions of this key. */
  readonly hasPrivateKey: boolean;
  readonly activeSubscriptions: number;
  /** There are more, which were not counted. */
  readonly isAtLeast: boolean;
};

type VapidKeyProgress = {
  /** How many of all active subscriptions are on the current key, from 0 to 100, rounded down. */
  readonly movedPercent: number;
  /** Where the current key has more than were counted, and so has another: it may be more. */
  readonly movedIsAtLeast: boolean;
  readonly keys: readonly VapidKeyUse[];
  /** The key that waits for a restart; null where none does. */
  readonly nextPublicKey: string | null;
};

/** Where the pair can be changed. It is read at a start alone: whatever is made waits for the next one. */
type VapidRotation = {
  /** The public key that the next start would take. */
  readonly next: () => string;
  /** Makes a pair, but where one waits already, and gives the public key of the one that waits. */
  readonly make: () => string;
};

export type VapidKeys = {
  /** The current key first, then the others by how much they are used. */
  progress(): Promise<VapidKeyProgress>;
  /** False where the pair is set where processes are started. */
  readonly canRotate: boolean;
  /** Makes a new key, which browsers subscribe with from the next start on. Repeated before that, it gives the same one. */
  rotate(): { readonly publicKey: string; readonly nextPublicKey: string };
};

export type VapidKeysOptions = {
  readonly store: {
    readonly subscriptions: Pick<SubscriptionStore, 'countByVapidKey'>;
    readonly tallies: Pick<TallyStore, 'read'>;
  };
  /** The public halves of the pairs that this process has at this moment, the current one first. */
  readonly publicKeys: () => readonly [string, ...string[]];
  /** Null where the pair is set where processes are started. */
  readonly rotation: VapidRotation | null;
};

const SET_ELSEWHERE =
  'The VAPID pair is set where the processes are started: `bellhop rotate-vapid-key` on the server writes out what to put there.';

/** How far a rotation has come, and the next one. */
export function createVapidKeys({ store, publicKeys: heldKeys, rotation }: VapidKeysOptions): VapidKeys {
  const waiting = (inUse: string): string | null => {
    const next = rotation?.next() ?? inUse;
    return next === inUse ? null : next;
  };
  return {
    canRotate: rotation !== null,
    rotate() {
      if (rotation === null) throw new AppError('vapid_key_set_elsewhere', SET_ELSEWHERE);
      const [publicKey] = heldKeys();
      return { publicKey, nextPublicKey: rotation.make() };
    },
    async progress() {
      const publicKeys = heldKeys();
      const { uses, total } = await countUses(store);
      const keys = [...new Set([...publicKeys, ...uses.keys()])].map(
        (publicKey): VapidKeyUse => ({
          publicKey,
          isCurrent: publicKey === publicKeys[0],
          hasPrivateKey: publicKeys.includes(publicKey),
          ...(uses.get(publicKey) ?? { activeSubscriptions: 0, isAtLeast: false }),
        }),
      );
      const current = uses.get(publicKeys[0]) ?? { activeSubscriptions: 0, isAtLeast: false };
      const byUse = keys.toSorted(
        (one, other) =>
          Number(other.isCurrent) - Number(one.isCurrent) || other.activeSubscriptions - one.activeSubscriptions,
      );
      const movedPercent = total === 0 ? 100 : Math.floor((100 * current.activeSubscriptions) / total);
      return { movedPercent, movedIsAtLeast: current.isAtLeast, keys: byUse, nextPublicKey: waiting(publicKeys[0]) };
    },
  };
}

/** Of each key, along an index: some milliseconds. */
const MOST_COUNTED = 50_000;

type Uses = ReadonlyMap<string, Pick<VapidKeyUse, 'activeSubscriptions' | 'isAtLeast'>>;

/** What one key has that was not counted to the end is what the others leave of all active ones, which are counted as they change. */
async function countUses({ subscriptions, tallies }: VapidKeysOptions['store']) {
  const counts = await subscriptions.countByVapidKey(MOST_COUNTED);
  const counted = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const unfinished = [...counts.values()].filter((count) => count >= MOST_COUNTED).length;
  if (unfinished === 0) return { uses: usesOf(counts, null), total: counted };
  const { tallies: kept, isCounted } = await tallies.read();
  const active = PUSH_SERVICES.reduce((sum, service) => sum + kept[`active ${service}`], 0);
  const total = Math.max(active, counted);
  const rest = unfinished === 1 && isCounted ? total - counted : null;
  return { uses: usesOf(counts, rest), total };
}

function usesOf(counts: ReadonlyMap<string, number>, rest: number | null): Uses {
  return new Map(
    [...counts].map(([key, count]) => {
      const isUnfinished = count >= MOST_COUNTED;
      const activeSubscriptions = isUnfinished ? count + (rest ?? 0) : count;
      return [key, { activeSubscriptions, isAtLeast: isUnfinished && rest === null }];
    }),
  );
}
