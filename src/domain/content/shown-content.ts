/** A button below the text. Without a `url` of its own it leads where the notification does. */
export type NotificationAction = {
  readonly action: string;
  readonly title: string;
  readonly icon?: string;
  readonly url?: string;
};

export const TEXT_DIRECTIONS = ['auto', 'ltr', 'rtl'] as const;
type TextDirection = (typeof TEXT_DIRECTIONS)[number];

/** What browsers show at most (`Notification.maxActions`). */
export const MAX_ACTIONS = 2;

/**
 * Where a click leads to: any open page of the site, one that shows the `url` already, or always a new one. What there is
 * not is opened.
 */
export const OPEN_IN = ['site_tab', 'page_tab', 'new_tab'] as const;
type OpenIn = (typeof OPEN_IN)[number];

/** What is shown in one language, and how. */
export type ShownContent = {
  readonly title: string;
  readonly body?: string;
  readonly icon?: string;
  /** A large picture, where there is room. */
  readonly image?: string;
  /** A small one-coloured picture, for example in Android's status bar. */
  readonly badge?: string;
  readonly url?: string;
  readonly openIn?: OpenIn;
  readonly actions?: readonly NotificationAction[];
  readonly dir?: TextDirection;
  /** Stays on the screen until somebody deals with it. */
  readonly requireInteraction?: boolean;
  /** No sound, no vibration. */
  readonly silent?: boolean;
  /** On, off, on, … in milliseconds. */
  readonly vibrate?: readonly number[];
  /** Whether one that takes another's place on the screen alerts again. */
  readonly renotify?: boolean;
  readonly data?: Readonly<Record<string, unknown>>;
};
