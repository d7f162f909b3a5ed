import type { Caller, CallOptions } from './caller.ts';
import { pathSegment } from './path-segment.ts';
import type { AcceptedNotification, NotificationInput, Page, PageQuery } from './resources.ts';

/** When: five fields of cron by the clock of a zone. Instants are ISO 8601 with a zone. */
export type Recurrence = {
  readonly cron: string;
  /** IANA name, or `recipient`: at that local time of each user. */
  readonly time_zone: string;
  readonly starts_at?: string | null | undefined;
  readonly ends_at?: string | null | undefined;
};

export type ScheduleInput = Recurrence & {
  /** As it would be sent, without `send_at`. */
  readonly notification: Omit<NotificationInput, 'send_at' | 'send_at_local'>;
  readonly catch_up_seconds?: number | undefined;
  /** Left out, it stays as it is. */
  readonly is_paused?: boolean | undefined;
};

/** What is left out stays, null takes away; the notification is merged field by field. */
export type SchedulePatch = {
  readonly cron?: string | undefined;
  readonly time_zone?: string | undefined;
  readonly starts_at?: string | null | undefined;
  readonly ends_at?: string | null | undefined;
  readonly notification?: Readonly<Record<string, unknown>> | undefined;
  readonly catch_up_seconds?: number | null | undefined;
  readonly is_paused?: boolean | undefined;
};

/** What came of one time of a schedule; of several in a row where they were missed. */
export type Occurrence = {
  readonly id: string;
  readonly at: string;
  readonly local_time: string | null;
  readonly status: string;
  readonly trigger: string;
  readonly notification_id: string | null;
  readonly code: string | null;
  readonly detail: string | null;
  readonly missed_count: number;
  readonly missed_is_at_least: boolean;
  readonly missed_until: string | null;
  readonly missed_at: readonly string[];
  readonly recorded_at: string;
};

export type Schedule = {
  readonly key: string;
  readonly cron: string;
  readonly time_zone: string;
  readonly notification: Readonly<Record<string, unknown>>;
  readonly starts_at: string | null;
  readonly ends_at: string | null;
  readonly catch_up_seconds: number;
  readonly is_paused: boolean;
  /** Null: paused, or there is none left. */
  readonly next_at: string | null;
  /** What came of it last: one, or none yet. */
  readonly latest: readonly Occurrence[];
  readonly created_at: string;
  readonly updated_at: string;
};

export type ScheduleMoment = {
  readonly at: string;
  readonly until: string | null;
  readonly local_time: string;
  readonly cron_time: string;
  /** `moved_by_gap`, `first_of_overlap`, or null. */
  readonly shift: string | null;
};

/** Notifications that are sent again and again. */
export type Schedules = {
  readonly schedules: {
    list(query?: PageQuery, options?: CallOptions): Promise<Page<Schedule>>;
    get(key: string, options?: CallOptions): Promise<Schedule>;
    put(key: string, schedule: ScheduleInput, options?: CallOptions): Promise<Schedule>;
    patch(key: string, patch: SchedulePatch, options?: CallOptions): Promise<Schedule>;
    delete(key: string, options?: CallOptions): Promise<void>;
    /** Sends its notification now. The key makes a repeated call the same; one is made up where none is given. */
    trigger(
      key: string,
      options?: CallOptions & { readonly idempotencyKey?: string | undefined },
    ): Promise<AcceptedNotification>;
    /** The coming times of one that is kept, or of one that is not. */
    preview(
      of: string | Recurrence,
      query?: { readonly count?: number | undefined },
      options?: CallOptions,
    ): Promise<readonly ScheduleMoment[]>;
    occurrences(key: string, query?: PageQuery, options?: CallOptions): Promise<Page<Occurrence>>;
  };
};

export function schedulesOf(caller: Caller): Schedules {
  const path = (key: string): string => `/v1/schedules/${pathSegment(key)}`;
  return {
    schedules: {
      list: (query = {}, { signal } = {}) => caller({ method: 'GET', path: '/v1/schedules', query, signal }),
      get: (key, { signal } = {}) => caller({ method: 'GET', path: path(key), signal }),
      put: (key, body, { signal } = {}) => caller({ method: 'PUT', path: path(key), body, signal }),
      patch: (key, body, { signal } = {}) => caller({ method: 'PATCH', path: path(key), body, signal }),
      async delete(key, { signal } = {}) {
        await caller({ method: 'DELETE', path: path(key), signal });
      },
      trigger: (key, { idempotencyKey = crypto.randomUUID(), signal } = {}) =>
        caller({ method: 'POST', path: `${path(key)}/trigger`, idempotencyKey, signal }),
      async preview(of, query = {}, { signal } = {}) {
        const call =
          typeof of === 'string'
            ? ({ method: 'GET', path: `${path(of)}/preview`, query, signal } as const)
            : ({ method: 'POST', path: '/v1/schedules/preview', query, body: of, signal } as const);
        return (await caller<{ items: readonly ScheduleMoment[] }>(call)).items;
      },
      occurrences: (key, query = {}, { signal } = {}) =>
        caller({ method: 'GET', path: `${path(key)}/occurrences`, query, signal }),
    },
  };
}
