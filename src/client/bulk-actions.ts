import type { Caller, CallOptions } from './caller.ts';
import type { DeliveryQuery } from './resources.ts';

const PATH = '/v1/bulk-actions';

/** What deliveries fail for. */
export type DeadLetterReason =
  | 'retries_exhausted'
  | 'rejected'
  | 'misconfigured'
  | 'interrupted_too_often'
  | 'pruning_on_hold';

/** Which dead letters. An empty one means all of them. */
export type BulkActionFilter = {
  readonly user_id?: string | undefined;
  readonly notification_id?: string | undefined;
  /** `fcm`, `mozilla`, `apple`, `wns` or `other`, or an origin. */
  readonly push_service?: string | undefined;
  readonly reason?: DeadLetterReason | undefined;
  /** Of notifications of this type. */
  readonly type?: string | undefined;
  /** Whose last attempt has this in its remedy, in small or capital letters. */
  readonly remedy?: string | undefined;
  /** Failed at or after. */
  readonly from?: string | undefined;
  /** Failed before. */
  readonly until?: string | undefined;
};

/** Times are those of the failure. */
export type DeadLetterQuery = Omit<DeliveryQuery, 'state'> & Omit<BulkActionFilter, 'reason'>;

export type BulkActionInput = {
  /** `replay` sends them again; `discard` takes them off the dead letters, unsent. */
  readonly action: 'replay' | 'discard';
  readonly filter: BulkActionFilter;
  /** With `replay`: a new deadline for each, from when it is replayed. */
  readonly ttl_seconds?: number | undefined;
};

/** What a bulk action would look at. */
export type BulkActionPlan = {
  readonly dry_run: boolean;
  readonly action: string;
  readonly total_count: number;
  /** There are more, which could not be counted within a second. */
  readonly is_at_least: boolean;
  readonly by_reason: Readonly<Record<string, number>>;
  readonly by_push_service: Readonly<Record<string, number>>;
};

/** A bulk action, and how far it got. */
export type BulkAction = {
  readonly id: string;
  readonly action: string;
  /** `running`, `cancelling`, `completed` or `cancelled`. */
  readonly state: string;
  readonly filter: {
    readonly user_id: string | null;
    readonly notification_id: string | null;
    readonly push_service: string | null;
    readonly reason: string | null;
    readonly type: string | null;
    readonly remedy: string | null;
    readonly from: string | null;
    readonly until: string | null;
  };
  readonly ttl_seconds: number | null;
  readonly total_count: number;
  readonly total_is_at_least: boolean;
  readonly done_count: number;
  readonly replayed_count: number;
  readonly discarded_count: number;
  /** How many were left as they are, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
  readonly created_at: string;
  readonly ended_at: string | null;
};

export type BulkActionCalls = {
  /** What `start` would look at now. Changes nothing. */
  plan(input: BulkActionInput, options?: CallOptions): Promise<BulkActionPlan>;
  /** Begins it in the background. Whatever becomes of a try, the next one has the same idempotency key, so that it begins once. */
  start(
    input: BulkActionInput,
    options?: CallOptions & { readonly idempotencyKey?: string | undefined },
  ): Promise<BulkAction>;
  /** The latest 100, newest first. */
  list(options?: CallOptions): Promise<readonly BulkAction[]>;
  get(id: string, options?: CallOptions): Promise<BulkAction>;
  /** Nothing more is begun; what is done stays done. */
  cancel(id: string, options?: CallOptions): Promise<BulkAction>;
};

/** The calls about bulk actions. */
export function bulkActionsOf(caller: Caller): BulkActionCalls {
  const pathOf = (id: string): string => `${PATH}/${encodeURIComponent(id)}`;
  return {
    plan: (input, { signal } = {}) => caller({ method: 'POST', path: PATH, body: { ...input, dry_run: true }, signal }),
    start: (input, { idempotencyKey = crypto.randomUUID(), signal } = {}) =>
      caller({ method: 'POST', path: PATH, body: input, idempotencyKey, signal }),
    list: async ({ signal } = {}) =>
      (await caller<{ items: readonly BulkAction[] }>({ method: 'GET', path: PATH, query: {}, signal })).items,
    get: (id, { signal } = {}) => caller({ method: 'GET', path: pathOf(id), query: {}, signal }),
    cancel: (id, { signal } = {}) => caller({ method: 'POST', path: `${pathOf(id)}/cancel`, signal }),
  };
}
