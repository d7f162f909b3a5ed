import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import { type BulkAction, calledOff, newBulkAction } from '../domain/bulk-action/bulk-action.ts';
import { type BulkPlan, bulkPlanOf } from '../domain/bulk-action/bulk-plan.ts';
import { factsOfKind } from '../domain/delivery/dead-kind.ts';
import { type DeadLetterFilter, isMeant } from '../domain/delivery/dead-letter-filter.ts';
import { bulkActionId, type Random } from '../domain/ids.ts';
import type { DeliveryStore } from '../store/delivery-store.ts';
import type { Store } from '../store/store.ts';
import { type IdempotencyClaim, idempotencyOf } from './accepting.ts';

type Started = { readonly action: BulkAction; readonly isRepeated: boolean };

type BulkRequest = Pick<BulkAction, 'action' | 'filter' | 'ttlSeconds'>;

export type BulkActions = {
  /** What would be looked at now. Changes nothing. */
  plan(filter: DeadLetterFilter): Promise<BulkPlan>;
  /**
   * Resolves once it is durable that it will be done; actions are done one after another. A repeated call gives the first one's action.
   * Throws `idempotency_key_reused`.
   */
  start(request: BulkRequest, claim: IdempotencyClaim | null): Promise<Started>;
  /** The latest 100, newest first. */
  list(): Promise<readonly BulkAction[]>;
  get(id: string): Promise<BulkAction>;
  /** Nothing more is begun. What is done stays done. */
  cancel(id: string): Promise<BulkAction>;
};

export type BulkActionsOptions = {
  readonly store: Pick<Store, 'deliveries' | 'bulkActions'>;
  readonly clock: Clock;
  readonly random: Random;
  /** Called when there is something to do. */
  readonly onBulkAction: () => void;
};

/** Counted along an index, which takes some tens of milliseconds. */
const MOST_COUNTED = 120_000;

/** One action on many dead letters: planned, begun and called off here, and done by a loop. */
export function createBulkActions(options: BulkActionsOptions): BulkActions {
  const { store, clock, random, onBulkAction } = options;
  const { bulkActions, deliveries } = store;
  const get = async (id: string): Promise<BulkAction> => (await bulkActions.get(id)) ?? notFound();
  return {
    plan: (filter) => countFailed(deliveries, filter),
    async start(request, claimed) {
      const { count, isAtLeast } = await countFailed(deliveries, request.filter);
      const nowMs = clock.now();
      const claim = claimed === null ? null : claimOf(claimed, nowMs);
      const made = { ...request, id: bulkActionId(nowMs, random), total: { count, isAtLeast }, claim };
      const action = newBulkAction(made, nowMs);
      const kept = await bulkActions.add(action);
      if (kept.claim?.bodyDigest !== claim?.bodyDigest) throw keyReused();
      onBulkAction();
      return { action: kept, isRepeated: kept.id !== action.id };
    },
    list: () => bulkActions.list(),
    get,
    async cancel(id) {
      for (;;) {
        const action = await get(id);
        const off = calledOff(action);
        if (off === null) throw hasEnded(action);
        if (action.state === 'cancelling') return action;
        // Else a page was written meanwhile: each try is at the newest version, and an action has an end.
        if (await bulkActions.update(off)) {
          onBulkAction();
          return off;
        }
      }
    },
  };
}

async function countFailed(deliveries: DeliveryStore, filter: DeadLetterFilter): Promise<BulkPlan> {
  const all = await deliveries.deadKinds(filter.notificationId);
  const kinds = all.filter((kind) => isMeant(filter, factsOfKind(kind)));
  return bulkPlanOf(await deliveries.countFailed({ scope: filter, kinds, most: MOST_COUNTED }));
}

function claimOf(claimed: IdempotencyClaim, nowMs: number): BulkAction['claim'] {
  const { key, bodyDigest } = idempotencyOf(claimed, nowMs);
  return { key, bodyDigest };
}

function keyReused(): AppError {
  return new AppError(
    'idempotency_key_reused',
    'This Idempotency-Key came before with another body. Use a new key for another bulk action.',
  );
}

function notFound(): never {
  throw new AppError('bulk_action_not_found', 'There is no bulk action with this id.');
}

function hasEnded({ state }: BulkAction): AppError {
  return new AppError('bulk_action_ended', `This bulk action is ${state}: nothing is left to cancel.`, { state });
}
