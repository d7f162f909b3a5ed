import type { IncomingMessage } from 'node:http';
import type { Issue } from './json-body.ts';

/** `host[:port]`: a name, an IPv4 address, or an IPv6 one in brackets (RFC 9110 section 7.2, RFC 3986 section 3.2.2). */
const HOST = /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/;

/** Segments of what needs no encoding in a path, and of what is encoded (RFC 3986 section 3.3); none of them empty. */
const PATH = /^(?:\/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)*\/?$/;

/** RFC 3986 section 3.4, and the characters beside it that browsers leave as they are. */
const QUERY = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@/?[\]{}|^`-]|%[0-9A-Fa-f]{2})*$/;

const DOT_SEGMENT = /\/\.{1,2}(?:\/|$)/;

/** What the same path could be spelt without, or what some take for a dot or an end: `%2E`, `%00`, `%61`. */
const NEEDLESSLY_ENCODED = /%(?:[01][0-9A-Fa-f]|7F|2[DE]|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])/i;

/**
 * What some take for a slash, within the first two segments. From the third on it is part of a name that a caller chose, as in
 * `/v1/users/org%2F42`; the router splits the path before it decodes a segment.
 */
const ENCODED_SLASH_IN_ROUTE = /^(?:\/[^/]*){0,2}%(?:2F|5C)/i;

/** Headers that decide who calls, or what: of two, another program on the way may have gone by the other one. */
const ONCE: ReadonlyMap<string, string> = new Map(
  [
    'Host',
    'Authorization',
    'Content-Type',
    'Idempotency-Key',
    'X-Content-SHA256',
    'X-Key-Id',
    'X-Nonce',
    'X-Signature',
    'X-Timestamp',
  ].map((name) => [name.toLowerCase(), name]),
);

/**
 * What makes it doubtful where a request leads, or null. Routing goes by a URL that is made of the target. So that it goes by
 * what was signed, a target may have only the one form that URL parsers leave as it is.
 */
export function faultOfHead({ headers, rawHeaders, url = '', httpVersion }: IncomingMessage): Issue | null {
  return faultOfRepetition(rawHeaders) ?? faultOfHost(headers.host, httpVersion) ?? faultOfTarget(url);
}

function faultOfRepetition(rawHeaders: readonly string[]): Issue | null {
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = ONCE.get((rawHeaders[at] ?? '').toLowerCase());
    if (name === undefined) continue;
    if (seen.has(name)) return { path: name, message: 'is given more than once' };
    seen.add(name);
  }
  return null;
}

function faultOfHost(host: string | undefined, httpVersion: string): Issue | null {
  if (host === undefined && httpVersion === '1.0') return null;
  if (host === undefined) return { path: 'Host', message: 'is required' };
  // The form alone would let numbers pass that are no address, and punycode that is none.
  if (HOST.test(host) && URL.canParse(`http://${host}/`)) return null;
  return { path: 'Host', message: 'must be a host name or an address, with a port or without' };
}

function faultOfTarget(target: string): Issue | null {
  const queryAt = target.indexOf('?');
  const path = queryAt === -1 ? target : target.slice(0, queryAt);
  const query = queryAt === -1 ? '' : target.slice(queryAt + 1);
  const message = faultOfPath(path) ?? (QUERY.test(query) ? null : 'has a character in its query that must be encoded');
  return message === null ? null : { path: 'target', message };
}

function faultOfPath(path: string): string | null {
  if (!path.startsWith('/')) return 'must be a path: no scheme, no host';
  if (!PATH.test(path)) return 'has an empty segment, or a character that must be encoded, in its path';
  if (DOT_SEGMENT.test(path)) return 'has a segment “.” or “..” in its path';
  const isEncodedWrongly = path.includes('%') && (NEEDLESSLY_ENCODED.test(path) || ENCODED_SLASH_IN_ROUTE.test(path));
  return isEncodedWrongly ? 'has a character encoded in its path that must not be' : null;
}
