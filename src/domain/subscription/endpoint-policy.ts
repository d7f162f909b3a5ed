import { isLoopback } from '../loopback.ts';
import { pushServiceOf } from '../push-service/push-service.ts';

/**
 * A host that may be pushed to beside the known push services. `port` null means 443. Every name under `*.example.org`
 * counts as a push service: it is reached on port 443, at public addresses only.
 */
export type AllowedHost = {
  /** As `URL.hostname` writes it: lower case, punycode, IPv6 in brackets. A wildcard begins with `*.`. */
  readonly host: string;
  readonly port: number | null;
};

/** `named`: by configuration, so the operator trusts wherever it leads, a private address included. */
export type EndpointJudgement =
  | { readonly kind: 'allowed'; readonly named: boolean; readonly url: URL }
  | { readonly kind: 'invalid' | 'not_allowed'; readonly message: string };

/** Endpoints run to about 2 kB; nothing real is longer. */
const MAX_ENDPOINT_LENGTH = 2048;

const WILDCARD = '*.';

/**
 * Reads one entry of PUSH_ALLOWED_HOSTS: `host`, `host:port` or `*.example.org`, IPv6 in brackets. Null for anything
 * else, such as a scheme, a path, a trailing dot, or a wildcard over a whole top-level domain or an address.
 */
export function parseAllowedHost(text: string): AllowedHost | null {
  if (!text.startsWith(WILDCARD)) return parseHost(text);
  const parent = parseHost(text.slice(WILDCARD.length));
  if (parent === null || parent.port !== null || isAddress(parent.host) || !parent.host.includes('.')) return null;
  return { host: `${WILDCARD}${parent.host}`, port: null };
}

/** Whether an entry names this machine or a private network, where a missing port would open more than was meant. */
export function needsPort({ host, port }: AllowedHost): boolean {
  return port === null && (isLoopback(host) || host.endsWith('.localhost') || isPrivateAddress(host));
}

function parseHost(text: string): AllowedHost | null {
  const match = /^(\[[0-9a-f:.]+\]|[^\s\p{C}:/?#@\\[\]%]+)(?::(\d{1,5}))?$/iu.exec(text);
  if (match === null || !URL.canParse(`https://${match[1]}`)) return null;
  const host = new URL(`https://${match[1]}`).hostname;
  if (!/^(?:\[[0-9a-f:]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)$/.test(host)) return null;
  if (match[2] === undefined) return { host, port: null };
  const port = Number(match[2]);
  return port >= 1 && port <= 65_535 ? { host, port } : null;
}

/**
 * Whether an endpoint may be pushed to: an endpoint is a URL that a stranger chose. `invalid`: no push service hands
 * out such a URL. `not_allowed`: it may be a push service, but not one that is known here or named in `extraHosts`.
 * Messages name the host at most, never the path, which is a secret (RFC 8030 section 8.3).
 */
export function judgeEndpoint(endpoint: string, extraHosts: readonly AllowedHost[]): EndpointJudgement {
  const url = parseEndpoint(endpoint);
  if (typeof url === 'string') return { kind: 'invalid', message: url };
  const host = url.hostname;
  if (isNeverResolvable(host)) {
    return {
      kind: 'invalid',
      message: `The endpoint’s host ${host} never exists: this browser has no working push service. Do not register it.`,
    };
  }
  if (url.protocol === 'http:' && !isLoopback(host)) {
    return { kind: 'invalid', message: 'The endpoint is not an https URL. Send what PushSubscription.toJSON() gives.' };
  }
  if (isNamedHost(host, portOf(url), extraHosts)) return { kind: 'allowed', named: true, url };
  const isPushService = pushServiceOf(host) !== 'other' || isUnderWildcard(host, extraHosts);
  if (isPushService && portOf(url) === 443) return { kind: 'allowed', named: false, url };
  return { kind: 'not_allowed', message: refusal(url, isPushService) };
}

/** Whether this very host and port are named in `extraHosts`. `host` is written as `URL.hostname` writes it. */
export function isNamedHost(host: string, port: number, extraHosts: readonly AllowedHost[]): boolean {
  return extraHosts.some((extra) => extra.host === host && (extra.port ?? 443) === port);
}

function isUnderWildcard(host: string, extraHosts: readonly AllowedHost[]): boolean {
  return extraHosts.some((extra) => extra.host.startsWith(WILDCARD) && host.endsWith(extra.host.slice(1)));
}

/** The URL, or what is wrong with it. */
function parseEndpoint(endpoint: string): URL | string {
  if (endpoint.length > MAX_ENDPOINT_LENGTH) {
    return `The endpoint is longer than ${MAX_ENDPOINT_LENGTH} characters. Send what PushSubscription.toJSON() gives.`;
  }
  // The URL parser drops or rewrites these without a word, so what is read here would not be what is stored.
  const url = /[\s\p{C}\\]/u.test(endpoint) ? null : urlOrNull(endpoint);
  if (url === null) {
    return 'The endpoint is not a URL. Send what PushSubscription.toJSON() gives, unchanged.';
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return 'The endpoint is not an https URL. Send what PushSubscription.toJSON() gives.';
  }
  if (url.username !== '' || url.password !== '') {
    return 'The endpoint has a user name or password in it. Send what PushSubscription.toJSON() gives, unchanged.';
  }
  if (endpoint.includes('#')) {
    return 'The endpoint has a fragment (#). Send what PushSubscription.toJSON() gives, unchanged.';
  }
  return url;
}

function urlOrNull(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

function refusal(url: URL, isPushService: boolean): string {
  const port = portOf(url);
  const name = port === 443 ? url.hostname : `${url.hostname}:${port}`;
  const remedy = `If you trust it, name ${name} in PUSH_ALLOWED_HOSTS.`;
  return isPushService
    ? `The push service ${url.hostname} is reached on port 443 only, and the endpoint says ${port}. ${remedy}`
    : `The endpoint’s host ${name} is not a known push service. ${remedy}`;
}

/** The port really connected to; `URL.port` is empty for the scheme's own. */
function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'http:' ? 80 : 443;
}

/** Blocked browsers hand out `https://permanently-removed.invalid/...` (RFC 6761 section 6.4). */
function isNeverResolvable(host: string): boolean {
  return /(?:^|\.)invalid\.?$/.test(host);
}

/** `URL.hostname` of a literal IPv4 or IPv6 address. */
function isAddress(host: string): boolean {
  return host.startsWith('[') || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host);
}

/** The private, link-local and shared ranges of RFC 6890, and for IPv6 all that is not global unicast. */
function isPrivateAddress(host: string): boolean {
  if (host.startsWith('[')) return !/^\[[23][0-9a-f]{3}:/.test(host);
  const [first = 0, second = 0] = isAddress(host) ? host.split('.').map(Number) : [];
  if (first === 172) return second >= 16 && second <= 31;
  if (first === 100) return second >= 64 && second <= 127;
  if (first === 169) return second === 254;
  return first === 192 ? second === 168 : isAddress(host) && (first === 0 || first === 10);
}
