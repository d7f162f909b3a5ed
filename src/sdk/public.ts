/** Why this browser cannot have push. On iPhone and iPad a page has it once it is on the Home Screen. */
export type UnsupportedReason = 'insecure_context' | 'ios_home_screen' | 'no_push';

/** Where this browser stands. Nothing is asked of the service. */
export type BellhopStatus =
  | { readonly state: 'unsupported'; readonly reason: UnsupportedReason }
  /** Notifications are blocked for this site; only the person can change that, in the browser's settings. */
  | { readonly state: 'denied' }
  /** Not asked yet: `subscribe()` will. */
  | { readonly state: 'prompt' }
  /**
   * `not_registered`, `not_removed`: the service could not be told yet; the next page load tries again. `other_worker`:
   * another script of the site made its worker the active one, which gets the pushes.
   */
  | { readonly state: 'unsubscribed'; readonly reason?: 'not_registered' | 'not_removed' | 'other_worker' }
  | { readonly state: 'subscribed'; readonly subscriptionId: string };

/** What the worker tells open pages: a notification was shown, or a person clicked it. */
export type BellhopMessage = {
  readonly kind: 'shown' | 'clicked';
  /** Of the button that was clicked; empty for the notification itself. */
  readonly action: string;
  /** The payload as it was sent; what could not be understood is an empty object. */
  readonly notification: Readonly<Record<string, unknown>>;
};

export type BellhopOptions = {
  /** Where Bellhop is. Default: where this module came from. */
  readonly url?: string;
  /** A subscriber token of the person who is signed in, or what gets one. It is called again after a 401. */
  readonly token: string | (() => string | Promise<string>);
  /** Path of the worker on this site. Default: Bellhop's own on the same origin, else `/bellhop-sw.js`. */
  readonly serviceWorkerUrl?: string;
  /** Default: `/` for Bellhop's own, else the folder of the worker. */
  readonly serviceWorkerScope?: string;
};

export type Bellhop = {
  /** Asks for permission where it must (call it from a click), and subscribes this browser. Rejects with BellhopError. */
  subscribe(): Promise<BellhopStatus>;
  /** Ends pushes to this browser. Rejects with BellhopError where the service could not be told; that is made up for. */
  unsubscribe(): Promise<BellhopStatus>;
  status(): Promise<BellhopStatus>;
  /** Returns what takes the listener away again. */
  onMessage(listener: (message: BellhopMessage) => void): () => void;
};

export type BellhopErrorCode =
  | 'invalid_options'
  | 'unsupported'
  | 'gesture_required'
  | 'permission_dismissed'
  | 'permission_denied'
  | 'worker_failed'
  | 'worker_conflict'
  | 'subscribe_failed'
  | 'unsubscribe_failed'
  | 'storage_failed'
  | 'token_failed'
  | 'token_refused'
  | 'service_unavailable'
  | 'service_refused';

/** The one kind of error. `docs/browser.md` says what to do about each code. */
export class BellhopError extends Error {
  override readonly name = 'BellhopError';
  readonly code: BellhopErrorCode;
  /** Of the service's answer, where it gave one. */
  readonly status: number | undefined;
  /** The service's own code, for example `endpoint_not_allowed`. */
  readonly serviceCode: string | undefined;

  constructor(
    code: BellhopErrorCode,
    message: string,
    details: { readonly cause?: unknown; readonly status?: number; readonly serviceCode?: string } = {},
  ) {
    super(message, { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.serviceCode = details.serviceCode;
  }
}
