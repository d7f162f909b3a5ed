import type { Caller, CallOptions } from './caller.ts';
import { pathSegment } from './path-segment.ts';
import type { Page, PageQuery } from './resources.ts';

export type ExperimentVariant = {
  readonly key: string;
  readonly weight: number;
  /** Each once, however many notifications and devices. */
  readonly users: number;
  readonly delivered: number;
  readonly shown: number;
  readonly clicked: number;
  readonly rate: number | null;
  readonly rate_from: number | null;
  readonly rate_to: number | null;
};

export type Experiment = {
  readonly key: string;
  /** Which variant wins, or how many users more it takes. */
  readonly sentence: string;
  readonly winner: string | null;
  readonly users_needed: number | null;
  readonly has_sample_ratio: boolean;
  /** Not all is counted yet: the counts are those so far. Absent from earlier versions. */
  readonly is_counting?: boolean;
  readonly variants: readonly ExperimentVariant[];
  readonly metric: string;
  readonly holdout_percent: number;
  readonly test_percent: number | null;
  readonly decide_after_seconds: number | null;
  readonly if_inconclusive: string;
  readonly notification_id: string | null;
  readonly decided_at: string | null;
  readonly decided_winner: string | null;
  readonly decided_sends: string | null;
  readonly created_at: string;
};

export type ExperimentCalls = {
  /** Looking often does no harm to what it says. */
  get(key: string, options?: CallOptions): Promise<Experiment>;
  /** Newest first. */
  list(query?: PageQuery, options?: CallOptions): Promise<Page<Experiment>>;
};

export function experimentsOf(caller: Caller): ExperimentCalls {
  return {
    get: (key, { signal } = {}) => caller({ method: 'GET', path: `/v1/experiments/${pathSegment(key)}`, signal }),
    list: (query = {}, { signal } = {}) => caller({ method: 'GET', path: '/v1/experiments', query, signal }),
  };
}
