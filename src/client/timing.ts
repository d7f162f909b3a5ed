export type IfPassed = 'skip' | 'send_now' | 'next_day';

/** `local`: a date and a time without a zone, such as `2026-03-29T09:00:00`. */
export type LocalSendAtInput = {
  readonly local: string;
  /** What becomes of users whose time has passed; `skip` unless given. */
  readonly if_passed?: IfPassed | undefined;
};

/** When a notification is sent. All of it is absent from earlier versions. */
export type NotificationTiming = {
  /** When it is sent; null where it was at once, or goes by local time. */
  readonly send_at?: string | null;
  readonly send_at_local?: { readonly local: string; readonly if_passed: IfPassed } | null;
  /** When users are looked for to whom it comes then. */
  readonly next_wave_at?: string | null;
  readonly cancelled_at?: string | null;
};

/** What had become of its deliveries when a notification was called off: together, all there are. */
export type CancelledNotification = {
  readonly id: string;
  readonly status: 'cancelled';
  readonly cancelled_at: string | null;
  readonly delivered: number;
  /** Pushes under way: each ends by itself, and is not tried again. */
  readonly in_flight: number;
  readonly cancelled: number;
  readonly ended_otherwise: number;
};
