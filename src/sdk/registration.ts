/** What a browser says of itself. */
export type Browser = {
  /** As `PushSubscription.toJSON()` has it. */
  readonly subscription: {
    readonly endpoint?: string;
    readonly expirationTime?: number | null;
    readonly keys?: Readonly<Record<string, string>>;
  };
  /** As `navigator.languages`: the preferred one first. */
  readonly languages: readonly string[];
  readonly userAgent: string;
  /** As `Intl.DateTimeFormat` resolves it. Some browsers have none. */
  readonly timeZone: string | undefined;
};

const LAST_INSTANT_MS = 8.64e15;

/**
 * The body of a registration. What the service can do without is left out where it is malformed: a browser without a
 * locale has the language `C`, and is to be registered all the same.
 */
export function registrationOf(browser: Browser, vapidPublicKey: string, formerId: string | null): object {
  const { endpoint, expirationTime, keys } = browser.subscription;
  return {
    endpoint,
    keys,
    expirationTime: isInstant(expirationTime) ? expirationTime : null,
    vapid_public_key: vapidPublicKey,
    locale: browser.languages.find(isLanguageTag),
    user_agent: /^[ -~]+$/.exec(browser.userAgent)?.[0].slice(0, 512),
    // Whether there is a zone of this name is for the service to know, which leaves out one that it does not.
    time_zone: /^[\w+/-]{1,64}$/.exec(browser.timeZone ?? '')?.[0],
    replaces_id: formerId ?? undefined,
  };
}

function isLanguageTag(text: string): boolean {
  return text.length <= 35 && /^[a-z]{2,8}(-[a-z\d]{1,8})*$/i.test(text);
}

function isInstant(value: number | null | undefined): boolean {
  return typeof value === 'number' && value >= 0 && value <= LAST_INSTANT_MS;
}
