/** The push services that can be played. `generic` keeps to the RFCs and answers in Mozilla's way. */
export const PROFILE_NAMES = ['generic', 'fcm', 'mozilla', 'apple', 'wns'] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];

export type FaultKind =
  | 'unknown_device'
  | 'method'
  | 'ttl_missing'
  | 'ttl_malformed'
  | 'ttl_negative'
  | 'ttl_zero'
  | 'ttl_too_long'
  | 'topic'
  | 'urgency'
  | 'coding'
  | 'body_missing'
  | 'body_too_large'
  | 'vapid_missing'
  | 'vapid_malformed'
  | 'vapid_key'
  | 'vapid_signature'
  | 'vapid_audience'
  | 'vapid_expiry'
  | 'vapid_subject'
  | 'other_key';

/** What is wrong with a request, whichever service it was made to. */
export type Fault = { readonly kind: FaultKind; readonly message: string };

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Mozilla's number for the fault. */
  readonly errno?: number;
};

/** Whose VAPID subject is taken: anyone's, a `mailto:` or `https:` one, or such a one at a public host. */
export type SubjectRule = 'any' | 'contact' | 'public_contact';

/** Where the services differ in what they take. */
export type Limits = {
  readonly minTtlSeconds: number;
  /** Refused above it. */
  readonly maxTtlSeconds: number;
  readonly checksUrgency: boolean;
  /** The Topic must be base64url that can be decoded. */
  readonly decodesTopic: boolean;
  readonly subject: SubjectRule;
};

/** A push service's manners. */
export type Profile = {
  readonly name: ProfileName;
  /** What endpoints begin with, before a device's token. Devices take turns with them, and all lead to each. */
  readonly paths: readonly string[];
  readonly limits: Limits;
  makeToken(): string;
  refuse(fault: Fault): Answer;
  /** Its answer to a well-formed request that is scripted to end with this status, accepting ones included. */
  answer(status: number, request: { readonly origin: string; readonly ttlSeconds: number }): Answer;
};

/** RFC 8030 and RFC 8292, no more and no less. */
export const RFC_LIMITS: Limits = {
  minTtlSeconds: 0,
  maxTtlSeconds: Number.POSITIVE_INFINITY,
  checksUrgency: true,
  decodesTopic: false,
  subject: 'contact',
};

/** Whether a status accepts a push. */
export function isAccepting(status: number): boolean {
  return status >= 200 && status <= 299;
}
