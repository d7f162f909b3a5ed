import { errors } from 'undici';
import type { PushFailure, PushResult } from '../domain/push-service/push-outcome.ts';
import { type FailureScene, isWayOutFailure, type WayOutFailure } from '../domain/push-service/way-out.ts';
import { EgressRefusedError, SinkholeError } from './address-guard.ts';
import { ProxyError } from './proxy-error.ts';

const BY_CODE: Readonly<Record<string, PushFailure>> = {
  ENOTFOUND: 'dns',
  ENODATA: 'dns',
  ESERVFAIL: 'dns_unavailable',
  ETIMEOUT: 'dns_unavailable',
  EREFUSED: 'dns_unavailable',
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'refused',
  EHOSTDOWN: 'refused',
  ENETUNREACH: 'refused',
  ENETDOWN: 'refused',
  EADDRNOTAVAIL: 'refused',
  EACCES: 'refused',
  EPERM: 'refused',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  UND_ERR_HEADERS_OVERFLOW: 'reset',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'reset',
  EPROTO: 'tls',
  HOSTNAME_MISMATCH: 'tls',
  INVALID_CA: 'tls',
  INVALID_PURPOSE: 'tls',
  PATH_LENGTH_EXCEEDED: 'tls',
  UND_ERR_DESTROYED: 'aborted',
  UND_ERR_CLOSED: 'aborted',
};

/** Families of codes: getaddrinfo's, OpenSSL's and X.509 verification's. */
const BY_PREFIX: readonly (readonly [prefix: RegExp, failure: PushFailure])[] = [
  [/^EAI_/, 'dns_unavailable'],
  [/^ERR_(?:SSL|TLS|OSSL)_/, 'tls'],
  [/^(?:CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERROR_IN_C)/, 'tls'],
];

/** Which failure an error from connecting, sending or reading means. Total: what it does not know is `unknown`. */
export function failureOf(error: unknown): PushFailure {
  for (const each of causesOf(error)) {
    if (each instanceof EgressRefusedError) return 'endpoint_not_allowed';
    if (each instanceof SinkholeError) return 'dns_sinkhole';
    if (each instanceof ProxyError) return proxyFailureOf(each);
    // An answer that is no HTTP; undici leaves some of these without a code.
    if (each instanceof errors.HTTPParserError) return 'reset';
    const code = 'code' in each && typeof each.code === 'string' ? each.code : '';
    const failure =
      (Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined) ??
      BY_PREFIX.find(([prefix]) => prefix.test(code))?.[1];
    if (failure !== undefined) return failure;
  }
  return 'unknown';
}

/** The failure that an error means for a push to this host, with what is known of it. */
export function failedAt(host: string, error: unknown): Extract<PushResult, { kind: 'failure' }> {
  const failure = failureOf(error);
  if (failure === 'unknown') return { kind: 'failure', failure, thrown: error };
  return { kind: 'failure', failure, ...(isWayOutFailure(failure) ? { scene: sceneOf(host, error) } : {}) };
}

function sceneOf(host: string, error: unknown): FailureScene {
  for (const each of causesOf(error)) {
    if (each instanceof SinkholeError) return { host, address: each.address };
    if (each instanceof ProxyError) {
      const { proxy, status } = each;
      return { host, proxy, ...(status === null ? {} : { status }) };
    }
  }
  return { host };
}

/** What a failure means where it was the proxy that was connected to; any other is that it went away. */
const OF_PROXY: Readonly<Partial<Record<PushFailure, WayOutFailure>>> = {
  dns: 'proxy_dns',
  dns_unavailable: 'proxy_dns',
  refused: 'proxy_refused',
  timeout: 'proxy_timeout',
  tls: 'proxy_tls',
};

function proxyFailureOf({ status, cause }: ProxyError): WayOutFailure {
  if (status === null) return OF_PROXY[failureOf(cause)] ?? 'proxy_reset';
  if (status === 407) return 'proxy_auth';
  return status >= 500 ? 'proxy_gateway' : 'proxy_denied';
}

/** The error, then what it wraps: a host with several addresses fails with one error for each. */
function causesOf(error: unknown, depth = 0): Error[] {
  if (!(error instanceof Error) || depth > 4) return [];
  const inner = error instanceof AggregateError ? error.errors : [error.cause];
  return [error, ...inner.flatMap((each) => causesOf(each, depth + 1))];
}
