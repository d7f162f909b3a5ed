import type { Clock } from '../clock.ts';
import { RenderError } from '../domain/content/rendering.ts';
import { saidBy } from '../domain/experiment/variant-content.ts';
import { notificationOf } from '../domain/ids.ts';
import type { Notification } from '../domain/notification/notification.ts';
import type { RateLimit } from '../domain/rate-limit.ts';
import {
  believedAtMs,
  marksOf,
  type ReceiptEvent,
  type ReceiptMark,
  type Tracking,
  trackingOf,
} from '../domain/receipt/receipt.ts';
import type { StandingRules } from '../store/standing-rules.ts';
import type { Store } from '../store/store.ts';
import type { Wordings } from '../store/wordings.ts';
import type { RateLimiter } from './rate-limiter.ts';

/** What a device tells. `atMs` is null where it does not know when it happened. */
type ToldReceipt = {
  readonly token: string;
  readonly event: ReceiptEvent;
  readonly action: string;
  readonly atMs: number | null;
};

/** How many were kept, were known already, and are nothing to this server: no token of it, nothing that is asked for, or gone. */
type Told = { readonly kept: number; readonly repeated: number; readonly ignored: number };

export type Receipts = {
  /** Keeps what is asked for. Before a token is verified, nothing is read. Throws `too_many_requests`. */
  tell(told: readonly ToldReceipt[]): Promise<Told>;
};

export type ReceiptsOptions = {
  readonly store: Pick<Store, 'receipts' | 'notifications'>;
  readonly rules: Pick<StandingRules, 'policyOf'>;
  readonly wordings: Pick<Wordings, 'rendererOf'>;
  readonly verifyToken: (token: string) => string | null;
  readonly limiter: RateLimiter;
  readonly clock: Pick<Clock, 'now'>;
  /** What devices may be asked to tell at all (TRACKING). */
  readonly tracking: Tracking;
};

/** A device tells three things of a delivery, some of them more than once. */
const OF_ONE_DELIVERY: RateLimit = { burst: 30, refillMs: 60_000 };
const TOO_OFTEN = 'This device tells of one delivery too often: each of shown, clicked and closed is told once.';

/** Notifications of which is remembered what devices may tell: none of it changes. */
const MOST_REMEMBERED = 500;

/** What is known of a notification that receipts are of. */
type Tracked = Pick<Notification, 'acceptedAtMs'> & {
  readonly type: string;
  readonly tracking: Tracking;
  readonly actions: ReadonlySet<string>;
  readonly isInExperiment: boolean;
};

type Verified = ToldReceipt & { readonly deliveryId: string };

/** Takes what devices tell. */
export function createReceipts(options: ReceiptsOptions): Receipts {
  const remembered = new Map<string, Tracked>();
  return {
    async tell(told) {
      const verified = options.tracking.length === 0 ? [] : told.flatMap((one) => verifiedBy(options, one));
      const deliveryIds = new Set(verified.map(({ deliveryId }) => deliveryId));
      for (const id of deliveryIds) await options.limiter.demand(`receipts ${id}`, OF_ONE_DELIVERY, TOO_OFTEN);
      const marked = await marks(options, remembered, verified);
      const all = marked.flat();
      const kept = all.length === 0 ? [] : await options.store.receipts.keep(all);
      return accountOf(told.length, marked, kept);
    },
  };
}

function verifiedBy({ verifyToken }: ReceiptsOptions, told: ToldReceipt): readonly Verified[] {
  const deliveryId = verifyToken(told.token);
  return deliveryId === null ? [] : [{ ...told, deliveryId }];
}

/** A receipt counts as kept by the last of its marks, which says all of it. */
function accountOf(count: number, marked: readonly (readonly ReceiptMark[])[], kept: readonly boolean[]): Told {
  let [next, new_, seen] = [0, 0, 0];
  for (const { length } of marked) {
    next += length;
    if (length === 0) continue;
    seen += 1;
    if (kept[next - 1]) new_ += 1;
  }
  return { kept: new_, repeated: seen - new_, ignored: count - seen };
}

async function marks(
  options: ReceiptsOptions,
  remembered: Map<string, Tracked>,
  verified: readonly Verified[],
): Promise<readonly (readonly ReceiptMark[])[]> {
  if (verified.length === 0) return [];
  await remember(options, remembered, [...new Set(verified.map(({ deliveryId }) => notificationOf(deliveryId)))]);
  const nowMs = options.clock.now();
  return Promise.all(
    verified.map(async ({ deliveryId, event, action, atMs }) => {
      const of = remembered.get(notificationOf(deliveryId));
      if (of === undefined) return [];
      const policy = await options.rules.policyOf(of.type);
      const tracking = trackingOf(options.tracking, policy.tracking, of.tracking);
      const button = event === 'clicked' && of.actions.has(action) ? action : '';
      const receipt = { deliveryId, event, action: button, atMs: believedAtMs(atMs, of.acceptedAtMs, nowMs) };
      const marks = marksOf(receipt, tracking);
      return !of.isInExperiment ? marks : marks.map((mark) => ({ ...mark, isInExperiment: true }));
    }),
  );
}

async function remember(
  options: ReceiptsOptions,
  remembered: Map<string, Tracked>,
  ids: readonly string[],
): Promise<void> {
  const missing = ids.filter((id) => !remembered.has(id));
  if (missing.length === 0) return;
  for (const notification of await options.store.notifications.getMany(missing)) {
    const { id, acceptedAtMs, content } = notification;
    const actions = await actionsOf(options, notification);
    const isInExperiment = content.experiment !== undefined;
    remembered.set(id, { acceptedAtMs, type: content.type, tracking: content.tracking ?? [], actions, isInExperiment });
  }
  // Those of this call stay.
  for (const id of remembered.keys()) {
    if (remembered.size <= MOST_REMEMBERED) return;
    if (!ids.includes(id)) remembered.delete(id);
  }
}

/** The buttons that a device can have shown, in any locale of any variant. So nobody who has a token can make names up. */
async function actionsOf({ wordings }: ReceiptsOptions, notification: Notification): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (const one of saidBy(notification)) {
    const { content } = one;
    const said = [content.actions, content.worded?.shown.actions, ...(await inLocales(wordings, one))];
    for (const { action } of said.flatMap((actions) => actions ?? [])) names.add(action);
  }
  return names;
}

async function inLocales(wordings: ReceiptsOptions['wordings'], notification: Notification) {
  try {
    const renderer = await wordings.rendererOf(notification);
    return [...(renderer?.compiled.locales.values() ?? [])].map(({ text }) => text.actions);
  } catch (error) {
    if (error instanceof RenderError) return [];
    throw error;
  }
}
