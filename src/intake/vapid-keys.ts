import type { SubscriptionStore } from '../store/subscription-store.ts';

/** How many active subscriptions one VAPID key has. */
type VapidKeyUse = {
  readonly publicKey: string;
  /** Browsers subscribe with this one now. */
  readonly isCurrent: boolean;
  /** False: nothing can be sent to the subscriptions of this key. */
  readonly hasPrivateKey: boolean;
  readonly activeSubscriptions: number;
};

/** `movedPercent`: how many of all active subscriptions are on the current key, from 0 to 100, rounded down. */
type VapidKeyProgress = { readonly movedPercent: number; readonly keys: readonly VapidKeyUse[] };

export type VapidKeys = {
  /** The current key first, then the others by how much they are used. */
  progress(): Promise<VapidKeyProgress>;
};

export type VapidKeysOptions = {
  readonly store: Pick<SubscriptionStore, 'countByVapidKey'>;
  /** The public halves of the pairs that this process has at this moment, the current one first. */
  readonly publicKeys: () => readonly [string, ...string[]];
};

/** How far a rotation has come. */
export function createVapidKeys({ store, publicKeys: heldKeys }: VapidKeysOptions): VapidKeys {
  return {
    async progress() {
      const publicKeys = heldKeys();
      const counts = await store.countByVapidKey();
      const keys = [...new Set([...publicKeys, ...counts.keys()])].map(
        (publicKey): VapidKeyUse => ({
          publicKey,
          isCurrent: publicKey === publicKeys[0],
          hasPrivateKey: publicKeys.includes(publicKey),
          activeSubscriptions: counts.get(publicKey) ?? 0,
        }),
      );
      const all = keys.reduce((sum, { activeSubscriptions }) => sum + activeSubscriptions, 0);
      const moved = counts.get(publicKeys[0]) ?? 0;
      const byUse = keys.toSorted(
        (one, other) =>
          Number(other.isCurrent) - Number(one.isCurrent) || other.activeSubscriptions - one.activeSubscriptions,
      );
      return { movedPercent: all === 0 ? 100 : Math.floor((100 * moved) / all), keys: byUse };
    },
  };
}
