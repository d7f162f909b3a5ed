import type { IncomingHttpHeaders } from 'node:http';

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
  | 'compressed'
  | 'body_missing'
  | 'body_too_large'
  | 'vapid_missing'
  | 'vapid_malformed'
  | 'vapid_key'
  | 'vapid_signature'
  | 'vapid_audience'
  | 'vapid_expiry'
  | 'vapid_too_long'
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

/** What a service asks of a VAPID token. */
export type VapidRules = {
  readonly subject: SubjectRule;
  /** How long after its end a token is taken. */
  readonly leewaySeconds: number;
  /** Takes the schemes of before RFC 8292, with the key in `Crypto-Key`, and a key that is padded or in common base64. */
  readonly takesOldForms: boolean;
};

/** A request, as far as it can be judged without its device. */
export type PushRequest = {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly bodyOctets: number;
};

/** A push service's manners. */
export type Profile = {
  readonly name: ProfileName;
  /** What endpoints begin with, before a device's token. Devices take turns with them, and all lead to each. */
  readonly paths: readonly string[];
  readonly vapid: VapidRules;
  readonly judgesFirst: 'headers' | 'token';
  /** What is wrong with headers and size, or null. */
  headerFault(request: PushRequest): Fault | null;
  makeToken(): string;
  refuse(fault: Fault): Answer;
  /** Its answer to a well-formed request that is scripted to end with this status, accepting ones included. */
  answer(status: number, request: { readonly origin: string; readonly ttlSeconds: number }): Answer;
};

/** RFC 8292, no more and no less. */
export const RFC_VAPID: VapidRules = { subject: 'contact', leewaySeconds: 0, takesOldForms: false };

/** A service may refuse more (RFC 8030 section 7.2), and all of them do. */
export const MAX_BODY_OCTETS = 4096;

/** Whether a status accepts a push. */
export function isAccepting(status: number): boolean {
  return status >= 200 && status <= 299;
}
