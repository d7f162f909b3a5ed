import type { Caller, CallOptions } from './caller.ts';
import { pathSegment } from './path-segment.ts';

/** How much of each kind was erased, in all calls together. */
export type ErasureCounts = {
  readonly users: number;
  readonly subscriptions: number;
  readonly waiting_deliveries: number;
  readonly deliveries: number;
  readonly contents: number;
  readonly suppressions: number;
  readonly lists: number;
  readonly cap_uses: number;
  readonly experiment_marks: number;
  readonly schedules: number;
  readonly bulk_actions: number;
  readonly audit_entries: number;
};

/** Worth keeping: `verify` tells whether it is genuine, and of whom. */
export type ErasureReceipt = {
  readonly erasure_id: string;
  /** Names nobody. */
  readonly user_digest: string;
  readonly erased_at: string;
  readonly completed_at: string;
  readonly counts: ErasureCounts;
  readonly signature: string;
};

export type Erasure = {
  readonly id: string;
  /** `running`: it goes on by itself; `get` tells when it is done. */
  readonly state: 'running' | 'completed';
  /** Absent before the first end. */
  readonly receipt?: ErasureReceipt | undefined;
};

export type ErasureVerification = {
  readonly is_genuine: boolean;
  /** Absent where no user was named. */
  readonly is_of_user?: boolean | undefined;
};

export type ErasureCalls = {
  get(id: string, options?: CallOptions): Promise<Erasure>;
  /** Whether this installation signed the receipt, and, with a user id, whether for this user. */
  verify(receipt: ErasureReceipt, userId?: string, options?: CallOptions): Promise<ErasureVerification>;
};

/** The calls about erasures. */
export function erasuresOf(caller: Caller): ErasureCalls {
  return {
    get: (id, { signal } = {}) => caller({ method: 'GET', path: `/v1/erasures/${pathSegment(id)}`, query: {}, signal }),
    verify: (receipt, userId, { signal } = {}) => {
      const body = { receipt, ...(userId !== undefined && { user_id: userId }) };
      return caller({ method: 'POST', path: '/v1/erasures/verify', body, signal });
    },
  };
}
