import { isIP } from 'node:net';
import type { ApiKey } from '../access/api-keys.ts';
import { type AddressRange, canonicalAddress } from '../access/client-address.ts';
import { EVENT_TYPES, type EventType } from '../domain/event/outbox-event.ts';
import { PROCESS_ROLES, type ProcessRole } from '../domain/process/process-view.ts';
import { type ProxyServer, parseProxyServer } from '../domain/push-service/proxy.ts';
import { readVapidPair, type VapidKeyPair, vapidSubjectProblem } from '../domain/push-service/vapid-key.ts';
import { RECEIPT_EVENTS, type Tracking } from '../domain/receipt/receipt.ts';
import { type AllowedHost, needsPort, parseAllowedHost } from '../domain/subscription/endpoint-policy.ts';
import { canonicalZone } from '../domain/time/zone.ts';
import { parseApiKey } from './api-key-text.ts';

/** Says what is wrong with a value and what it should be, as the rest of a sentence that begins with its name. */
export class SettingProblem extends Error {}

export function mongodbUrl(text: string): string {
  // The driver says the rest; the value holds a password, so it is not repeated.
  if (/^mongodb(\+srv)?:\/\/[^/?]/.test(text)) {
    if (hasBareCharacters(text)) {
      throw new SettingProblem(
        'has a special character in its user or password: percent-encode it (@ is %40, / is %2F).',
      );
    }
    return text;
  }
  throw new SettingProblem('is not a MongoDB URL: write mongodb://user:password@host:27017/bellhop.');
}

/** Whether user or password hold an @, / or ? as it is. What follows would be taken for a host, and be named in errors. */
function hasBareCharacters(url: string): boolean {
  const start = url.indexOf('://') + '://'.length;
  const lastAt = url.lastIndexOf('@');
  return lastAt >= start && /[@/?]/.test(url.slice(start, lastAt));
}

export function redisUrl(text: string): string {
  if (/^rediss?:\/\/./.test(text) && URL.canParse(text) && /^\/?\d*$/.test(new URL(text).pathname)) return text;
  throw new SettingProblem(
    'is not a Redis URL: write redis://user:password@host:6379/0, with special characters percent-encoded.',
  );
}

export function redisAddress(text: string): string {
  const url = `redis://${text}`;
  if (/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):\d{1,5}$/.test(text) && URL.canParse(url)) return url;
  throw new SettingProblem(`is ${quote(text)}: write host:port; a password needs REDIS_URL.`);
}

export function roles(text: string): readonly ProcessRole[] {
  const named = listed(text);
  const known = PROCESS_ROLES.filter((role) => named.includes(role));
  if (known.length > 0 && named.every((role) => (PROCESS_ROLES as readonly string[]).includes(role))) return known;
  throw new SettingProblem(`is ${quote(text)}: write api, worker, or api,worker.`);
}

export function eventTypes(text: string): readonly EventType[] {
  const named = listed(text);
  if (text.trim() === 'none') return [];
  const known = EVENT_TYPES.filter((type) => named.includes(type));
  if (named.length > 0 && named.every((type) => (EVENT_TYPES as readonly string[]).includes(type))) return known;
  throw new SettingProblem(`is ${quote(text)}: write none, or some of ${EVENT_TYPES.join(', ')}.`);
}

export function asIs(text: string): string {
  return text;
}

export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new SettingProblem(`is ${quote(text)}: it must be a whole number from ${min} to ${max}.`);
  };
}

export function boolean(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new SettingProblem(`is ${quote(text)}: it must be true or false.`);
}

/** `open`: for whoever can reach it. `local`: on a loopback HOST alone, and for the browsers of this machine alone. */
export type DemoPage = 'off' | 'local' | 'open';

export function demoPage(text: string): DemoPage {
  if (text === 'local') return 'local';
  if (text === 'true' || text === 'false') return text === 'true' ? 'open' : 'off';
  throw new SettingProblem(`is ${quote(text)}: it must be true, false or local.`);
}

/** What devices are asked to tell. */
export function tracking(text: string): Tracking {
  const named = listed(text);
  const known = RECEIPT_EVENTS.filter((event) => named.includes(event));
  if (text.trim() === 'none') return [];
  if (known.length > 0 && known.length === new Set(named).size) return known;
  throw new SettingProblem(`is ${quote(text)}: write none, or some of ${RECEIPT_EVENTS.join(', ')}.`);
}

export function oneOf(...names: readonly string[]): (text: string) => string {
  return (text) => {
    if (names.includes(text)) return text;
    throw new SettingProblem(`is ${quote(text)}: it must be one of ${names.join(', ')}.`);
  };
}

export function hostName(text: string): string {
  if (/^[A-Za-z0-9._:-]+$/.test(text)) return text;
  throw new SettingProblem(`is ${quote(text)}: it must be an address or host name, without a port.`);
}

/** RFC 7518 section 3.2: what signs with HS256 has 256 bits, since whoever has a token can try guesses in peace. */
export const SHORTEST_SAFE_SECRET = 32;

export function secret(text: string): string {
  if (text.length >= 16) return text;
  throw new SettingProblem('is too short: use at least 16 characters, such as the output of `openssl rand -hex 32`.');
}

/** One that is sent as a Bearer token alone. */
export function longSecret(text: string): string {
  if (!/^[!-~]+$/.test(text)) throw new SettingProblem('may have printable ASCII characters alone, and no spaces.');
  if (text.length >= SHORTEST_SAFE_SECRET) return text;
  throw new SettingProblem(
    `has fewer than ${SHORTEST_SAFE_SECRET} characters: make one with \`openssl rand -hex 32\`.`,
  );
}

export function apiKeys(text: string): readonly ApiKey[] {
  return listed(text).map((entry, index) => {
    const key = parseApiKey(entry);
    if ('fault' in key) throw new SettingProblem(`has a malformed entry (number ${index + 1}): ${key.fault}.`);
    return key;
  });
}

export function vapidSubject(text: string): string {
  const problem = vapidSubjectProblem(text);
  if (problem === null) return text;
  throw new SettingProblem(`is ${JSON.stringify(text.slice(0, 60))}: ${problem}`);
}

export function vapidPairs(text: string): readonly VapidKeyPair[] {
  return listed(text).map((entry, index) => {
    const [publicKey = '', privateKey = '', ...rest] = entry.split(':');
    // The entry holds a private key, so it is named by its place.
    const reading = readVapidPair({ publicKey, privateKey });
    if (rest.length === 0 && reading.kind === 'pair') return reading.pair;
    const problem = rest.length > 0 || reading.kind === 'pair' ? 'Write public:private.' : reading.problem;
    throw new SettingProblem(`has a malformed pair (number ${index + 1}): ${problem}`);
  });
}

export function rateLimits(text: string): ReadonlyMap<string, number> {
  return new Map(
    listed(text).map((entry) => {
      const [, hostText = '', rateText = ''] = /^(.+)=(\d+(?:\.\d+)?)$/.exec(entry) ?? [];
      const host = parseAllowedHost(hostText);
      const rate = Number(rateText);
      if (host !== null && !host.host.startsWith('*') && rate > 0)
        return [host.port === null ? host.host : `${host.host}:${host.port}`, rate];
      throw new SettingProblem(
        `has ${quote(entry)}: write host=number or host:port=number, such as fcm.googleapis.com=500.`,
      );
    }),
  );
}

export function origins(text: string): readonly string[] {
  return listed(text).map((entry) => {
    if (entry === '*' || isOrigin(entry)) return entry;
    throw new SettingProblem(
      `has ${quote(entry)}: write origins such as https://app.example.com, or https://*.example.com for all names under one, without a path or a slash at the end.`,
    );
  });
}

/** Whether a page can have this origin; with `*.` before its host, whether one under it can. */
function isOrigin(entry: string): boolean {
  const named = entry.replace('://*.', '://');
  const url = URL.canParse(named) ? new URL(named) : null;
  if (url === null || url.origin !== named || !/^https?:$/.test(url.protocol) || named.includes('*')) return false;
  // An address has no names under it.
  return named === entry || isIP(url.hostname) + isIP(url.hostname.slice(1, -1)) === 0;
}

export function pushProxyUrl(text: string): ProxyServer | 'none' {
  if (text === 'none') return text;
  const server = parseProxyServer(text);
  if (!('problem' in server)) return server;
  throw new SettingProblem(`${server.problem} Or write none.`);
}

/** As the IANA database names it. */
export function timeZone(text: string): string {
  const zone = canonicalZone(text);
  if (zone !== null) return zone;
  throw new SettingProblem(
    `is ${quote(text)}: it must be a time zone of the IANA database, such as Europe/Berlin or UTC.`,
  );
}

/** An http or https address with a path or none; what it gives ends in no slash. */
export function consoleUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isPlain = url !== null && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (!isPlain || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new SettingProblem(
      `is ${quote(text)}: write an https address such as https://push.example.com, with a path or without.`,
    );
  }
  return url.origin + (url.pathname.endsWith('/') ? url.pathname.slice(0, -1) : url.pathname);
}

export function siteUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isLocal = url !== null && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  const isOrigin = url !== null && (text === url.origin || text === `${url.origin}/`);
  if (url !== null && isOrigin && (url.protocol === 'https:' || isLocal)) return url.origin;
  throw new SettingProblem(
    `is ${quote(text)}: write an origin such as https://app.example.com, without a path. Push needs https everywhere but on localhost.`,
  );
}

export function allowedHosts(text: string): readonly AllowedHost[] {
  return listed(text).map((entry) => {
    const host = parseAllowedHost(entry);
    if (host === null) {
      throw new SettingProblem(
        `has ${quote(entry)}: write host, host:port or *.example.org, without a scheme or path.`,
      );
    }
    if (needsPort(host)) {
      throw new SettingProblem(
        `has ${quote(entry)} without a port: name the one port that is a push service there, such as ${host.host}:9443.`,
      );
    }
    return host;
  });
}

export function addressRanges(text: string): readonly AddressRange[] {
  return listed(text).map((entry) => {
    const [address = '', bits, ...rest] = entry.split('/');
    const version = isIP(address);
    const most = version === 4 ? 32 : 128;
    const prefixLength = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : 0;
    // What a socket for both versions writes as ::ffff:10.0.0.1 is compared as 10.0.0.1.
    const isUsable = isIP(canonicalAddress(address) ?? '') === version && rest.length === 0;
    if (version !== 0 && isUsable && prefixLength >= 1 && prefixLength <= most) return { address, prefixLength };
    throw new SettingProblem(
      `has ${quote(entry)}: write addresses and ranges of your proxies, such as 10.0.0.0/8,127.0.0.1,fd00::/8. A range has at least its first bit.`,
    );
  });
}

function listed(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** What stands before an @ may be a password. */
function quote(text: string): string {
  const shown = text.includes('@') ? `…${text.slice(text.lastIndexOf('@'))}` : text;
  return JSON.stringify(shown.length > 60 ? `${shown.slice(0, 60)}…` : shown);
}
