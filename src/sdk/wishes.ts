type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';

/** Times of day by the clock of the person, such as `22:00`. Across midnight it belongs to the day on which it begins. */
type QuietHours = {
  readonly from: string;
  readonly until: string;
  /** The days on which it begins. Left out: every day. */
  readonly days?: readonly Weekday[];
};

/** What the person who is signed in wishes, as `GET /v1/users/:user_id` has it. */
export type Wishes = {
  /** Whether types are wanted, by pattern (`digest.*`); the longest that matches decides. */
  readonly preferences: Readonly<Record<string, boolean>>;
  readonly quiet_hours: QuietHours | null;
  /** ISO 8601. Nothing is shown before. */
  readonly paused_until: string | null;
  /** Null: that of the newest device counts. */
  readonly time_zone: string | null;
  readonly locale: string | null;
};

/** What is left out stays, and null takes away; `preferences` are merged pattern by pattern (RFC 7396). */
export type WishesPatch = {
  readonly preferences?: Readonly<Record<string, boolean | null>>;
  readonly quiet_hours?: QuietHours | null;
  readonly paused_until?: string | null;
  readonly time_zone?: string | null;
  readonly locale?: string | null;
};

export type BellhopPreferences = {
  /** Of somebody who has said nothing yet, too. Rejects with BellhopError. */
  get(): Promise<Wishes>;
  /** Resolves with all that holds then. Rejects with BellhopError. */
  set(patch: WishesPatch): Promise<Wishes>;
};

/** A line of a settings form: a checkbox for the types of a pattern. */
export type PreferencesChoice = {
  readonly pattern: string;
  readonly label: string;
  /** Whether it is checked for those who have not said: true, unless the type has `"preference": "opted_out"`. */
  readonly isWantedByDefault?: boolean;
};

export type PreferencesFormOptions = {
  readonly types: readonly PreferencesChoice[];
  /** Whether quiet hours may be set. Default: true. */
  readonly quietHours?: boolean;
  /** Whether everything may be paused. Default: true. */
  readonly pause?: boolean;
  /** In the language of the page. What is left out is English. */
  readonly texts?: Partial<PreferencesTexts>;
};

export type PreferencesTexts = {
  readonly types: string;
  readonly quietHours: string;
  readonly isQuiet: string;
  readonly from: string;
  readonly until: string;
  readonly sameTime: string;
  readonly pause: string;
  readonly notPaused: string;
  readonly pausedUntil: string;
  readonly hour: string;
  readonly day: string;
  readonly week: string;
  readonly save: string;
  readonly loading: string;
  readonly saving: string;
  readonly saved: string;
  readonly failed: string;
};
