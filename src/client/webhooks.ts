import type { Caller, CallOptions } from './caller.ts';
import type { EventType } from './events.ts';
import type { Page, PageQuery } from './resources.ts';

/** Where events are sent. Instants are ISO 8601. */
export type WebhookEndpoint = {
  readonly id: string;
  readonly url: string;
  readonly description: string | null;
  /** Null: all. */
  readonly event_types: readonly string[] | null;
  readonly is_enabled: boolean;
  readonly disabled_reason: string | null;
  readonly disabled_at: string | null;
  readonly failing_since: string | null;
  readonly live_secrets: number;
  readonly created_at: string;
};

/** The secret is shown once. */
export type WebhookEndpointWithSecret = WebhookEndpoint & { readonly secret: string };

export type WebhookEndpointInput = {
  readonly url: string;
  readonly event_types?: readonly EventType[] | null | undefined;
  readonly description?: string | null | undefined;
  readonly is_enabled?: boolean | undefined;
};

/** One event on its way to one endpoint. */
export type WebhookDelivery = {
  readonly id: string;
  readonly sequence: number;
  readonly event_id: string;
  readonly event_type: string;
  readonly state: string;
  readonly due_at: string | null;
  readonly ended_at: string | null;
  readonly attempts: readonly {
    readonly started_at: string;
    readonly took_ms: number | null;
    readonly status: number | null;
    readonly error: string | null;
  }[];
};

export type WebhookDeliveryQuery = PageQuery & {
  readonly state?: 'waiting' | 'sending' | 'delivered' | 'failed' | undefined;
};

export type WebhookCalls = {
  /** Not made again by itself where it may have been made: there would be two. */
  create(endpoint: WebhookEndpointInput, options?: CallOptions): Promise<WebhookEndpointWithSecret>;
  list(options?: CallOptions): Promise<readonly WebhookEndpoint[]>;
  get(id: string, options?: CallOptions): Promise<WebhookEndpoint>;
  /** What is left out stays. */
  change(id: string, change: Partial<WebhookEndpointInput>, options?: CallOptions): Promise<WebhookEndpoint>;
  delete(id: string, options?: CallOptions): Promise<void>;
  rotateSecret(
    id: string,
    options?: CallOptions & { readonly keepSeconds?: number },
  ): Promise<WebhookEndpointWithSecret>;
  deliveries(id: string, query?: WebhookDeliveryQuery, options?: CallOptions): Promise<Page<WebhookDelivery>>;
  /** Sends one event again. */
  replay(id: string, deliveryId: string, options?: CallOptions): Promise<WebhookDelivery>;
  /** Sends all events since an instant again. */
  replaySince(id: string, since: string | Date, options?: CallOptions): Promise<WebhookEndpoint>;
};

/** The webhook endpoints of one caller. */
export function webhooksOf(caller: Caller): WebhookCalls {
  const at = (id: string, rest = ''): string => `/v1/webhook-endpoints/${encodeURIComponent(id)}${rest}`;
  return {
    create: (body, { signal } = {}) =>
      caller({ method: 'POST', path: '/v1/webhook-endpoints', body, signal, isRepeatable: false }),
    async list({ signal } = {}) {
      return (await caller<{ items: WebhookEndpoint[] }>({ method: 'GET', path: '/v1/webhook-endpoints', signal }))
        .items;
    },
    get: (id, { signal } = {}) => caller({ method: 'GET', path: at(id), signal }),
    change: (id, body, { signal } = {}) => caller({ method: 'PATCH', path: at(id), body, signal }),
    async delete(id, { signal } = {}) {
      await caller({ method: 'DELETE', path: at(id), signal });
    },
    rotateSecret(id, { keepSeconds: keep_seconds, signal } = {}) {
      return caller({
        method: 'POST',
        path: at(id, '/rotate-secret'),
        body: { keep_seconds },
        signal,
        isRepeatable: false,
      });
    },
    deliveries: (id, query = {}, { signal } = {}) =>
      caller({ method: 'GET', path: at(id, '/deliveries'), query, signal }),
    replay: (id, deliveryId, { signal } = {}) =>
      caller({ method: 'POST', path: at(id, `/deliveries/${encodeURIComponent(deliveryId)}/replay`), signal }),
    replaySince: (id, since, { signal } = {}) =>
      caller({ method: 'POST', path: at(id, '/replay'), body: { since: new Date(since).toISOString() }, signal }),
  };
}
