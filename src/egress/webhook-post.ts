import { createHmac } from 'node:crypto';
import type { PushProxy } from '../domain/push-service/proxy.ts';
import { type AllowedHost, isNamedHost } from '../domain/subscription/endpoint-policy.ts';
import type { WebhookAnswer } from '../domain/webhook/webhook-delivery.ts';
import type { PostWebhook, WebhookRequest } from '../domain/webhook/webhook-request.ts';
import { judgeWebhookUrl } from '../domain/webhook/webhook-url.ts';
import { exchange, FOR_EXCHANGES } from './exchange.ts';
import { failureOf } from './failures.ts';
import type { Resolver } from './resolver.ts';
import { createWayOut } from './way-out.ts';

export type WebhookPostOptions = {
  /** Hosts that webhooks may be sent to wherever they lead (WEBHOOK_ALLOWED_HOSTS). */
  readonly allowedHosts: readonly AllowedHost[];
  readonly caPem: string | null;
  readonly proxy: PushProxy | null;
  readonly timeoutMs: number;
  readonly resolve?: Resolver;
};

/** `close` breaks off whatever is under way. */
export type WebhookTransport = { readonly post: PostWebhook; close(): Promise<void> };

const CONNECTIONS_PER_ORIGIN = 8;

/**
 * Posts to addresses that callers chose, by the guard that pushes go by: none that is not public, redirects never followed, answers cut
 * off. Signed by Standard Webhooks 1.0.
 */
export function createWebhookTransport(options: WebhookPostOptions): WebhookTransport {
  const { allowedHosts, timeoutMs } = options;
  const agent = { ...FOR_EXCHANGES, connections: CONNECTIONS_PER_ORIGIN };
  const wayOut = createWayOut({ ...options, connectTimeoutMs: timeoutMs, agent });
  return {
    async post(request, signal): Promise<WebhookAnswer> {
      try {
        const url = judgeWebhookUrl(request.url, (host, port) => isNamedHost(host, port, allowedHosts));
        if (typeof url === 'string') return { kind: 'failure', failure: 'url_not_allowed' };
        const { origin, pathname, search } = url;
        const body = Buffer.from(request.body);
        const message = { origin, path: pathname + search, headers: headersOf(request), body };
        const answer = await exchange(wayOut.to(url), message, { timeoutMs, signal });
        if (typeof answer === 'string') return { kind: 'failure', failure: answer };
        const retryAfter: string | string[] | undefined = answer.headers['retry-after'];
        const text = (Array.isArray(retryAfter) ? retryAfter.join(', ') : retryAfter) ?? null;
        return { kind: 'response', status: answer.status, retryAfter: text };
      } catch (error) {
        const failure = failureOf(error);
        return { kind: 'failure', failure: failure === 'endpoint_not_allowed' ? 'address_not_public' : failure };
      }
    },
    close: () => wayOut.close(),
  };
}

function headersOf({ id, timestampSeconds, body, secrets }: WebhookRequest): Record<string, string> {
  return {
    'Content-Type': 'application/json',
    'User-Agent': 'Bellhop-Webhooks',
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': secrets.map((secret) => signatureOf(secret, `${id}.${timestampSeconds}.${body}`)).join(' '),
  };
}

function signatureOf(secret: string, signed: string): string {
  const key = Buffer.from(secret.slice(secret.indexOf('_') + 1), 'base64');
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}
