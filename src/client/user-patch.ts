/** By the clock of the user’s zone, such as `22:00`; where `until` is the earlier one, it ends on the day after. */
export type QuietHoursPatch = {
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  /** On which it begins: `mon`, `tue`, …; null, or never said, every day. */
  readonly days?: readonly Weekday[] | null | undefined;
};

export type Weekday = 'sun' | 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat';

/** What is left out stays, null takes away. `preferences` are merged pattern by pattern, `quiet_hours` field by field. */
export type UserPatch = {
  readonly time_zone?: string | null | undefined;
  readonly locale?: string | null | undefined;
  /** In place of those there were. */
  readonly tags?: readonly string[] | null | undefined;
  readonly preferences?: Readonly<Record<string, boolean | null>> | null | undefined;
  readonly quiet_hours?: QuietHoursPatch | null | undefined;
  /** An instant, ISO 8601 with a zone. */
  readonly paused_until?: string | null | undefined;
};
