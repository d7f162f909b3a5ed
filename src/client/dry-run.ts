/** What a notification would become. `is_at_least`: there are more users than could be looked at within a second. */
export type NotificationDryRun = {
  readonly dry_run: boolean;
  readonly user_count: number;
  /** Who would get it, now or later. */
  readonly reached_user_count: number;
  readonly device_count: number;
  /** How many users would get nothing, by reason. */
  readonly suppressed: Readonly<Record<string, number>>;
  readonly held_user_count: number;
  readonly first_release_at: string | null;
  readonly last_release_at: string | null;
  /** When how many of those reached would get it, where it goes out later. Absent from earlier versions. */
  readonly waves?: readonly { readonly at: string; readonly user_count: number }[];
  /** To how many users each variant would go; who waits for a test is in none. Absent from earlier versions. */
  readonly variants?: readonly { readonly key: string; readonly user_count: number }[];
  /** The largest. */
  readonly payload_octets: number;
  /** Where the text is made for each recipient: the largest in each locale. Absent from earlier versions. */
  readonly payload_octets_by_locale?: Readonly<Record<string, number>> | null;
  readonly deadline_at: string;
  readonly is_at_least: boolean;
  /** Up to 20 users. */
  readonly sample: readonly {
    readonly user_id: string;
    readonly outcome: 'send' | 'hold' | 'suppress';
    /** The gate that would stop it. */
    readonly reason: string | null;
    readonly held_until: string | null;
    readonly device_count: number;
  }[];
  readonly warnings: readonly string[];
};
