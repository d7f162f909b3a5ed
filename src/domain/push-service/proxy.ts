import { agreeInBits, ipOctets } from '../ip-octets.ts';

/** An HTTP proxy that opens tunnels by CONNECT (RFC 9110 section 9.3.6). */
export type ProxyServer = {
  readonly protocol: 'http:' | 'https:';
  /** As `URL.hostname` writes it. */
  readonly host: string;
  readonly port: number;
  /** The value of `Proxy-Authorization`: a secret. Null where the URL has no user. */
  readonly authorization: string | null;
};

/** The proxy that pushes go through. */
export type PushProxy = {
  readonly server: ProxyServer;
  /** Which setting names it. */
  readonly from: 'PUSH_PROXY_URL' | 'HTTPS_PROXY';
  /** Hosts that are reached directly (NO_PROXY). */
  readonly exceptions: ProxyExceptions;
};

export type ProxyExceptions = {
  /** As they were given, for people. */
  readonly text: string;
  /** Whether a host is among them; `host` as `URL.hostname` writes it. */
  has(host: string, port: number): boolean;
};

const FORM = 'write http://user:password@host:port, with special characters percent-encoded';

/**
 * Reads the URL of a proxy, or `host:port` for one that is `http`. What is wrong with one is told as the rest of a sentence, and
 * without its text, which may hold a password.
 */
export function parseProxyServer(text: string): ProxyServer | { readonly problem: string } {
  const url = urlOf(text);
  if (url === null) return { problem: `is not the URL of a proxy: ${FORM}.` };
  if (url.protocol.startsWith('socks')) {
    return { problem: `is a SOCKS proxy, and pushes go through HTTP proxies that take CONNECT: ${FORM}.` };
  }
  const { protocol } = url;
  if (protocol !== 'http:' && protocol !== 'https:') return { problem: `is not an http or https URL: ${FORM}.` };
  if (url.pathname.length > 1 || url.search !== '' || url.hash !== '' || url.hostname === '') {
    return { problem: `has more than a host and a port: ${FORM}.` };
  }
  const authorization = authorizationOf(url);
  if (authorization === undefined) return { problem: `has a user or password that cannot be decoded: ${FORM}.` };
  const port = url.port === '' ? (protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { protocol, host: url.hostname, port, authorization };
}

/** `host:port`: all of a proxy that is for people to read. */
export function proxyName({ host, port }: ProxyServer): string {
  return `${host}:${port}`;
}

/** Which way pushes go, for people: the rest of a sentence that begins with them. */
export function wayOfPushes(proxy: PushProxy | null): string {
  if (proxy === null) return 'go directly';
  const { server, from, exceptions } = proxy;
  const but = exceptions.text === '' ? '' : `; not for: ${exceptions.text}`;
  return `go through the proxy ${proxyName(server)} (${from})${but}`;
}

/**
 * Reads NO_PROXY: `*`, or hosts, ranges of addresses (10.0.0.0/8) and domains, after commas or white space, each with a port or
 * without. A domain stands for the names under it as well, with a dot or `*.` in front or without, as for curl. An entry
 * that is none of these matches nothing.
 */
export function parseProxyExceptions(text: string): ProxyExceptions {
  const entries = text.split(/[\s,]/).filter((entry) => entry !== '');
  const tests = entries.map(exceptionOf);
  return { text: entries.join(','), has: (host, port) => tests.some((test) => test(host, port)) };
}

type Exception = (host: string, port: number) => boolean;

function exceptionOf(entry: string): Exception {
  if (entry === '*') return () => true;
  const [hostText, only] = withPort(entry.toLowerCase());
  const isTarget = hostOrRangeOf(hostText);
  return (host, port) => (only === null || only === port) && isTarget(host);
}

/** An IPv6 address has colons of its own: with a port it stands in brackets. */
function withPort(entry: string): readonly [host: string, port: number | null] {
  const colon = entry.lastIndexOf(':');
  const port = Number(entry.slice(colon + 1) || Number.NaN);
  const isPort = colon > 0 && Number.isInteger(port) && (entry.indexOf(':') === colon || entry[colon - 1] === ']');
  return isPort ? [entry.slice(0, colon), port] : [entry, null];
}

function hostOrRangeOf(text: string): (host: string) => boolean {
  const [address = '', bitsText] = text.split('/');
  const octets = ipOctets(address);
  if (octets === null) {
    const domain = withoutDots(text.startsWith('*.') ? text.slice(1) : text);
    return (host) => domain !== '' && (withoutDots(host) === domain || withoutDots(host).endsWith(`.${domain}`));
  }
  const bits = bitsText === undefined ? octets.length * 8 : bitsText === '' ? Number.NaN : Number(bitsText);
  return (host) => {
    const asked = ipOctets(host);
    return asked !== null && Number.isInteger(bits) && bits >= 0 && agreeInBits(octets, asked, bits);
  };
}

/** Without one at either end. */
function withoutDots(name: string): string {
  return name.slice(name.startsWith('.') ? 1 : 0, name.endsWith('.') ? -1 : undefined);
}

/** Without a scheme there has to be a port: `off` and `false` are no proxies. */
function urlOf(text: string): URL | null {
  const whole = text.includes('://') ? text : `http://${text}`;
  const url = URL.canParse(whole) ? new URL(whole) : null;
  return whole !== text && url?.port === '' ? null : url;
}

/** RFC 7617. Undefined where it cannot be decoded. */
function authorizationOf({ username, password }: URL): string | null | undefined {
  if (username === '' && password === '') return null;
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`;
  } catch {
    return undefined;
  }
}
