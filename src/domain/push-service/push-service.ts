/** The push services with known ways of their own; `other` is any that goes by RFC 8030 alone. */
export const PUSH_SERVICES = ['fcm', 'mozilla', 'apple', 'wns', 'other'] as const;
export type PushService = (typeof PUSH_SERVICES)[number];

const HOSTS: readonly (readonly [pattern: RegExp, service: PushService])[] = [
  [/^fcm\.googleapis\.com$/, 'fcm'],
  // Some of Chrome’s early channels, and browsers made of it, get this one.
  [/^jmt17\.google\.com$/, 'fcm'],
  [/^(?:[a-z0-9-]+\.)+push\.services\.mozilla\.com$/, 'mozilla'],
  [/^(?:[a-z0-9-]+\.)+push\.apple\.com$/, 'apple'],
  [/^(?:[a-z0-9-]+\.)+notify\.windows\.com$/, 'wns'],
];

/** Which push service a host is; `host` as `URL.hostname` writes it. */
export function pushServiceOf(host: string): PushService {
  return HOSTS.find(([pattern]) => pattern.test(host))?.[1] ?? 'other';
}

/** Whether a text is the name of one, or `other`. */
export function isServiceName(text: string): text is PushService {
  return (PUSH_SERVICES as readonly string[]).includes(text);
}
