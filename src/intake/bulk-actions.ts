import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import { type BulkAction, calledOff, type DeadLetterFilter, newBulkAction } from '../domain/bulk-action/bulk-action.ts';
import { type BulkPlan, countBulk } from '../domain/bulk-action/bulk-plan.ts';
import { bulkActionId, type Random } from '../domain/ids.ts';
import type { DeliveryStore } from '../store/delivery-store.ts';
import type { Store } from '../store/store.ts';

type BulkRequest = Pick<BulkAction, 'action' | 'filter' | 'ttlSeconds'>;

export type BulkActions = {
  /** What would be looked at now. Changes nothing. */
  plan(filter: DeadLetterFilter): Promise<BulkPlan>;
  /** Resolves once it is durable that it will be done; actions are done one after another. */
  start(request: BulkRequest): Promise<BulkAction>;
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

/** A caller waits no longer than this for counts, but for the page that is being read then. */
const COUNT_MS = 800;
/** Read in one turn of the event loop. */
const SKIMMED_AT_ONCE = 1000;

/** One action on many dead letters: planned, begun and called off here, and done by a loop. */
export function createBulkActions(options: BulkActionsOptions): BulkActions {
  const { store, clock, random, onBulkAction } = options;
  const { bulkActions, deliveries } = store;
  const get = async (id: string): Promise<BulkAction> => (await bulkActions.get(id)) ?? notFound();
  return {
    plan: (filter) => countFailed(deliveries, filter, clock),
    async start(request) {
      const { count, isAtLeast } = await countFailed(deliveries, request.filter, clock);
      const nowMs = clock.now();
      const total = { count, isAtLeast };
      const action = newBulkAction({ ...request, id: bulkActionId(nowMs, random), total }, nowMs);
      await bulkActions.add(action);
      onBulkAction();
      return action;
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

async function countFailed(deliveries: DeliveryStore, filter: DeadLetterFilter, clock: Clock): Promise<BulkPlan> {
  const startedAtMs = clock.now();
  const { userId, fromMs } = filter;
  const counting = countBulk(filter);
  const untilMs = Math.min(filter.untilMs ?? startedAtMs, startedAtMs);
  let cursor: string | null = null;
  do {
    const page = await deliveries.skimFailed({ userId, fromMs, untilMs, cursor, limit: SKIMMED_AT_ONCE });
    counting.add(page.items);
    cursor = page.next;
    // On the embedded store nothing else would have its turn before the end.
    await new Promise(setImmediate);
  } while (cursor !== null && clock.now() < startedAtMs + COUNT_MS);
  return counting.plan(cursor !== null);
}

function notFound(): never {
  throw new AppError('bulk_action_not_found', 'There is no bulk action with this id.');
}

function hasEnded({ state }: BulkAction): AppError {
  return new AppError('bulk_action_ended', `This bulk action is ${state}: nothing is left to cancel.`, { state });
}
