import { type PushService, pushServiceOf } from './push-service.ts';

/** Where an endpoint leads: all of it that is no secret. */
export type PushTarget = {
  /** For example `https://fcm.googleapis.com`. */
  readonly origin: string;
  /** As `URL.hostname` writes it. */
  readonly hostname: string;
  readonly service: PushService;
};

const MOST_KEPT = 1000;
const SCHEME_LENGTH = 'https://'.length;

/** Targets by what stands before the path, which many endpoints have in common. */
const known = new Map<string, PushTarget>();

/**
 * The target of a URL, as `new URL` reads it. Targets are kept: each delivery asks half a dozen times, and push services are
 * few. Throws a TypeError where the text is no URL.
 */
export function pushTargetOf(url: string): PushTarget {
  const pathStart = url.indexOf('/', SCHEME_LENGTH);
  const head = pathStart === -1 ? url : url.slice(0, pathStart);
  const kept = known.get(head);
  if (kept !== undefined) return kept;
  // Extra slashes after the scheme: the head is no URL then, and the whole text may be one.
  const { origin, hostname } = URL.canParse(head) ? new URL(head) : new URL(url);
  const target: PushTarget = { origin, hostname, service: pushServiceOf(hostname) };
  if (!URL.canParse(head)) return target;
  if (known.size >= MOST_KEPT) known.clear();
  known.set(head, target);
  return target;
}

/** The push service of a delivery’s origin. Its hosts may be without number. */
export function serviceOfOrigin(origin: string): PushService {
  // Deliveries made before origins were kept have none.
  return origin === '' ? 'other' : pushTargetOf(origin).service;
}
