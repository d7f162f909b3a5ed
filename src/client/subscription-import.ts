import type { UserPatch } from './user-patch.ts';

/** A subscription as another push system kept it. */
export type SubscriptionImportLine = {
  readonly user_id: string;
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
  /** The one that the browser subscribed with; its pair must be held by the server. */
  readonly vapid_public_key: string;
  readonly created_at?: number | string | null | undefined;
  readonly updated_at?: number | string | null | undefined;
  readonly expirationTime?: number | null | undefined;
  readonly expiration_time?: number | string | null | undefined;
  readonly tags?: readonly string[] | null | undefined;
  /** What is said of the user, where nothing was said before. */
  readonly user?: Omit<UserPatch, 'tags'> | null | undefined;
  readonly locale?: string | null | undefined;
  readonly time_zone?: string | null | undefined;
  readonly user_agent?: string | null | undefined;
};

/** A user without a subscription: `user` may be empty. */
export type UserImportLine = {
  readonly user_id: string;
  readonly user: Omit<UserPatch, 'tags'>;
  readonly tags?: readonly string[] | null | undefined;
};

export type ImportedSubscription = {
  /** Which of those that were sent, from 0. */
  readonly index: number;
  readonly result: 'added' | 'updated' | 'moved' | 'unchanged' | 'refused';
  readonly subscription_id: string | null;
  readonly code: string | null;
  readonly reason: string | null;
};
