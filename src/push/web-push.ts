import { parseHttpDate } from '../domain/push-service/http-date.ts';
import type { PushProxy } from '../domain/push-service/proxy.ts';
import type { PushMessage } from '../domain/push-service/push-message.ts';
import type { PushFailure, PushResult } from '../domain/push-service/push-outcome.ts';
import { pushTargetOf } from '../domain/push-service/push-target.ts';
import { readSeconds } from '../domain/push-service/seconds.ts';
import { type AllowedHost, judgeEndpoint } from '../domain/subscription/endpoint-policy.ts';
import { exchange, FOR_EXCHANGES, type PushAnswer } from '../egress/exchange.ts';
import { failedAt } from '../egress/failures.ts';
import type { Resolver } from '../egress/resolver.ts';
import { createWayOut, type WayOut } from '../egress/way-out.ts';
import { createEncryptMessage, type EncryptMessage } from './message-encryption.ts';
import type { PushTransport } from './push-transport.ts';
import { reasonOf } from './service-reason.ts';
import type { VapidSigner } from './vapid.ts';

export type WebPushTransportOptions = {
  readonly vapid: VapidSigner;
  /** The most one attempt may take, from connecting to the end of the answer, in milliseconds. */
  readonly attemptTimeoutMs: number;
  /** Hosts that may be pushed to beside the known push services (PUSH_ALLOWED_HOSTS). */
  readonly allowedHosts: readonly AllowedHost[];
  /** Certificates trusted beside the usual ones (PUSH_CA_FILE), or null. */
  readonly caPem: string | null;
  /** The proxy that pushes go through; directly unless given. */
  readonly proxy?: PushProxy | null;
  /** A send over HTTP/1.1 has a connection to itself; more sends than this to one origin queue for one. */
  readonly maxConnectionsPerOrigin?: number;
  /** How host names are resolved; by the system unless given. */
  readonly resolve?: Resolver;
};

type Sender = Pick<WebPushTransportOptions, 'vapid' | 'attemptTimeoutMs' | 'allowedHosts'> & {
  readonly wayOut: WayOut;
  readonly encrypt: EncryptMessage;
};

const DEFAULT_CONNECTIONS_PER_ORIGIN = 128;
/** Less is a matter of rounding, and of answers that were long on their way. */
const TELLING_SKEW_MINUTES = 5;

/**
 * Web Push over HTTP/1.1: encryption (RFC 8291) by `message-encryption.ts`, signature (RFC 8292) by web-push, requests (RFC 8030) by undici.
 * Connections are kept and reused. Redirects are answers like any other and never followed.
 */
export function createWebPushTransport(options: WebPushTransportOptions): PushTransport {
  const wayOut = createWayOut({
    ...options,
    proxy: options.proxy ?? null,
    connectTimeoutMs: options.attemptTimeoutMs,
    agent: { ...FOR_EXCHANGES, connections: options.maxConnectionsPerOrigin ?? DEFAULT_CONNECTIONS_PER_ORIGIN },
  });
  return createTransportBy(wayOut, options);
}

/** The same over connections that somebody else makes. `close` closes them. */
export function createTransportBy(
  wayOut: WayOut,
  options: Pick<WebPushTransportOptions, 'vapid' | 'attemptTimeoutMs' | 'allowedHosts'>,
): PushTransport {
  const sender: Sender = { ...options, wayOut, encrypt: createEncryptMessage() };
  let closing: Promise<void> | null = null;

  return {
    async send(message, signal, onPosted) {
      try {
        return await attempt(sender, message, { signal, onPosted });
      } catch (error) {
        return failedAt(pushTargetOf(message.endpoint).hostname, error);
      }
    },
    close() {
      closing ??= wayOut.close();
      return closing;
    },
  };
}

type Wait = { readonly signal: AbortSignal; readonly onPosted: (() => void) | undefined };

async function attempt(sender: Sender, message: PushMessage, { signal, onPosted }: Wait): Promise<PushResult> {
  if (signal.aborted) return failed('aborted');
  const judgement = judgeEndpoint(message.endpoint, sender.allowedHosts);
  if (judgement.kind !== 'allowed') return failed('endpoint_not_allowed');
  const { origin, pathname, search } = judgement.url;
  const authorization = sender.vapid.authorization(origin, message.vapidPublicKey);
  if (authorization === null) return failed('vapid_key_missing');
  const body = sender.encrypt(message.keys, message.payload);
  if (body === null) return failed('encryption');

  const request = { origin, path: pathname + search, headers: headersOf(message, authorization), body };
  const limits = { timeoutMs: sender.attemptTimeoutMs, signal };
  const answering = exchange(sender.wayOut.to(judgement.url), request, limits);
  onPosted?.();
  const answer = await answering;
  return typeof answer === 'string' ? failed(answer) : resultOf(answer, message, authorization);
}

function headersOf(message: PushMessage, authorization: string): Record<string, string> {
  return {
    TTL: String(message.ttlSeconds),
    Urgency: message.urgency,
    ...(message.topic === null ? {} : { Topic: message.topic }),
    'Content-Encoding': 'aes128gcm',
    'Content-Type': 'application/octet-stream',
    Authorization: authorization,
  };
}

function resultOf(
  { status, headers, body }: PushAnswer,
  { endpoint, keys }: PushMessage,
  authorization: string,
): PushResult {
  const reason = reasonOf({
    status,
    headers,
    body,
    endpoint,
    secrets: [endpoint, keys.auth, keys.p256dh, authorization],
  });
  const retryAfter: string | string[] | undefined = headers['retry-after'];
  return {
    kind: 'response',
    status,
    retryAfter: (Array.isArray(retryAfter) ? retryAfter.join(', ') : retryAfter) ?? null,
    reason: withClockSkew(reason, status, headers.date, Date.now()),
    ...grantedTtl(headers.ttl),
  };
}

/** A refused VAPID token is most often a clock that is wrong, and the answer tells the right time. */
function withClockSkew(reason: string | null, status: number, date: unknown, nowMs: number): string | null {
  if (status !== 401 && status !== 403) return reason;
  const theirMs = (typeof date === 'string' ? parseHttpDate(date, nowMs) : null) ?? Number.NaN;
  const skewMinutes = Math.round((nowMs - theirMs) / 60_000);
  if (!(Math.abs(skewMinutes) >= TELLING_SKEW_MINUTES)) return reason;
  const skew = `this machine’s clock is ${Math.abs(skewMinutes)} minutes ${skewMinutes > 0 ? 'ahead of' : 'behind'} its own`;
  return reason === null ? skew : `${reason}; ${skew}`;
}

/** What is not granted in full seconds is not granted. */
function grantedTtl(header: string | string[] | undefined): { readonly ttlSeconds?: number } {
  const seconds = readSeconds((Array.isArray(header) ? header[0] : header) ?? '');
  return seconds === null ? {} : { ttlSeconds: Math.floor(seconds) };
}

function failed(failure: PushFailure): PushResult {
  return { kind: 'failure', failure };
}
