import type { Clock } from '../../../src/clock.ts';
import { type DeliveryState, isFinal } from '../../../src/domain/delivery/delivery.ts';
import type { PushMessage } from '../../../src/domain/push-service/push-message.ts';
import type { Claimed } from '../../../src/store/delivery-store.ts';
import type { Database } from '../../../src/store/sqlite/file/driver.ts';
import type { Store } from '../../../src/store/store.ts';
import type { Plan } from '../plan/plan.ts';
import type { Push } from '../world/push-services.ts';
import type { Life, WorldTime } from '../world/world-time.ts';
import { checkPush, type Lease, type PushFacts } from './push-checks.ts';
import { demand } from './violation.ts';
import { saidOf } from './wishes.ts';

/** Where each state may lead by one write, as `docs/delivery-states.md` has it; a waiting one may be put back as it was. */
const MAY_BECOME: Readonly<Record<DeliveryState, readonly DeliveryState[]>> = {
  pending: ['cancelled'],
  held: ['cancelled'],
  retrying: ['cancelled'],
  sending: ['pending', 'held', 'retrying', 'delivered', 'pruned', 'failed', 'expired', 'cancelled'],
  failed: ['pending', 'cancelled'],
  expired: ['pending'],
  delivered: [],
  pruned: [],
  cancelled: [],
};

type RefereeOptions = {
  readonly plan: Plan;
  readonly time: WorldTime;
  readonly database: () => Database;
  /** Runs a check, and keeps what it found: an error would only make the process that is watched fail. */
  readonly judge: (check: () => void) => void;
};

/** Watches what processes write of deliveries, and what they push: each is judged when it happens. */
export class Referee {
  private readonly options: RefereeOptions;
  private readonly leases = new Map<string, Lease>();
  /** Of each delivery, the state that it had at a version, and the versions over which a write was kept. */
  private readonly statesAt = new Map<string, Map<number, DeliveryState>>();
  private readonly writtenOver = new Map<string, Set<number>>();
  private readonly pushes = new Map<string, (Push & { readonly attempt: number })[]>();
  private underWay: Push[] = [];

  constructor(options: RefereeOptions) {
    this.options = options;
  }

  /** What was not durable is gone, and happens anew under the same versions. */
  afterPowerLoss(): void {
    this.statesAt.clear();
    this.writtenOver.clear();
    this.leases.clear();
    this.pushes.clear();
  }

  /** The store that one process works with. */
  watched(store: Store, life: Life, clock: Clock): Store {
    const { deliveries } = store;
    return {
      ...store,
      deliveries: {
        ...deliveries,
        claimMany: async (claims) => {
          const facts = claims.map(({ deliveryId }) => this.factsOf(deliveryId));
          const results = await deliveries.claimMany(claims);
          // What a dead process wrote may be gone with the power.
          if (!life.isAlive) return results;
          results.forEach((result, index) => {
            const [claim, before] = [claims[index], facts[index]];
            if (result === null || result === 'busy' || claim === undefined || before === undefined) return;
            const untilMs = this.options.time.nowMs + claim.leaseUntilMs - clock.now();
            const isPastDeadline = claim.nowMs >= result.before.deadlineAtMs;
            this.options.judge(() => this.granted(result, { life, untilMs, facts: before, isPastDeadline }));
          });
          return results;
        },
        settleMany: async (settlements) => {
          const kept = await deliveries.settleMany(settlements);
          if (!life.isAlive) return kept;
          settlements.forEach(({ from, after, version }, index) => {
            if (kept[index]) this.options.judge(() => this.settled(after.id, { version, from, to: after.state }));
          });
          return kept;
        },
      },
    };
  }

  posted(push: Push, message: PushMessage): void {
    this.options.judge(() => this.judgePush(push, message));
  }

  private judgePush(push: Push, message: PushMessage): void {
    const { time, plan } = this.options;
    const lease = [...this.leases.values()].find(
      ({ life, endpoint, notificationId }) =>
        life === push.life && endpoint === push.endpoint && notificationId === push.notificationId,
    );
    demand(
      'lease',
      lease !== undefined,
      () => `a push of ${push.notificationId} was posted by a process without a lease`,
    );
    if (lease === undefined) return;
    this.underWay = this.underWay.filter(({ isUnderWay, life }) => isUnderWay && life.isAlive);
    const earlier = this.pushes.get(lease.deliveryId) ?? [];
    const now = { database: this.options.database(), nowMs: time.nowMs, processNowMs: time.nowMs + push.life.skewMs };
    checkPush(push, message, { ...now, plan, lease, earlier, underWay: this.underWay });
    this.underWay.push(push);
    this.pushes.set(lease.deliveryId, [...earlier, Object.assign(push, { attempt: lease.attempt })]);
  }

  /** Read before a claim is asked for: whatever is true by then, the claim has to heed. */
  private factsOf(deliveryId: string): PushFacts {
    const database = this.options.database();
    const row = database.first<{
      user_id: string;
      notification_id: string;
      subscription_id: string;
      topic: string | null;
      sent_order: string | null;
    }>('SELECT user_id, notification_id, subscription_id, topic, sent_order FROM deliveries WHERE id = ?', [
      deliveryId,
    ]);
    const sending = database.first<{ value: string }>("SELECT value FROM facts WHERE name = 'sending'");
    const nothing = { said: null, isCancelled: false, newerId: null, sending: sending?.value ?? null };
    if (row === undefined) return nothing;
    const newer = database.first<{ id: string }>(
      `SELECT id FROM deliveries WHERE subscription_id = ? AND topic = ? AND coalesce(sent_order, notification_id) > ? LIMIT 1`,
      [row.subscription_id, row.topic, row.sent_order ?? row.notification_id],
    );
    const called = database.first('SELECT 1 FROM notifications WHERE id = ? AND cancelled_at IS NOT NULL', [
      row.notification_id,
    ]);
    return {
      ...nothing,
      said: saidOf(database, row.user_id),
      isCancelled: called !== undefined,
      newerId: row.topic === null ? null : (newer?.id ?? null),
    };
  }

  private granted(claimed: Claimed, by: Pick<Lease, 'life' | 'untilMs' | 'facts' | 'isPastDeadline'>): void {
    const { before, version, notification, subscription } = claimed;
    for (const other of this.leases.values()) {
      const isSame = other.deliveryId === before.id;
      const isBeside = other.subscriptionId === before.subscriptionId && !other.isPastDeadline && !by.isPastDeadline;
      if ((isSame || isBeside) && this.isHeld(other)) {
        const what = isSame ? 'this delivery' : `${other.deliveryId} of the same subscription`;
        demand('lease', false, () => `${before.id} was leased while ${what} is under a lease that lasts`);
      }
    }
    this.wrote(before.id, version - 1, before.state, 'sending');
    this.leases.set(before.id, {
      ...by,
      deliveryId: before.id,
      notificationId: notification.id,
      type: notification.content.type,
      subscriptionId: before.subscriptionId,
      userId: before.userId,
      endpoint: subscription?.endpoint ?? '',
      version,
      attempt: before.attemptCount + 1,
      claimedAtMs: this.options.time.nowMs,
    });
  }

  /** By the row, since the answer to a settlement may come later than what follows from it. */
  private isHeld({ deliveryId, version, untilMs, life }: Lease): boolean {
    if (!life.isAlive || untilMs <= this.options.time.nowMs) return false;
    const sql = "SELECT 1 FROM deliveries WHERE id = ? AND version = ? AND state = 'sending'";
    return this.options.database().first(sql, [deliveryId, version]) !== undefined;
  }

  private settled(
    id: string,
    { version, from, to }: { version: number; from: DeliveryState; to: DeliveryState },
  ): void {
    demand(
      'states',
      MAY_BECOME[from].includes(to),
      () => `${id} went from ${from} to ${to}: the machine has no such way`,
    );
    this.wrote(id, version, from, to);
    if (this.leases.get(id)?.version === version || isFinal(to)) this.leases.delete(id);
  }

  private wrote(id: string, over: number, from: DeliveryState, to: DeliveryState): void {
    const written = this.writtenOver.get(id) ?? new Set();
    demand(
      'versions',
      !written.has(over),
      () => `two writes of ${id} were kept over version ${over}: the later one has to lose`,
    );
    this.writtenOver.set(id, written.add(over));
    this.had(id, over, from);
    this.had(id, over + 1, to);
  }

  private had(id: string, version: number, state: DeliveryState): void {
    const states = this.statesAt.get(id) ?? new Map<number, DeliveryState>();
    const known = states.get(version);
    demand(
      'states',
      known === undefined || known === state,
      () => `${id} was ${known} at version ${version}, and a write says ${state}`,
    );
    this.statesAt.set(id, states.set(version, state));
  }
}
