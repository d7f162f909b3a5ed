import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Events } from '../domain/events.ts';
import type { Random } from '../domain/ids.ts';
import type { WebhookPostOptions, WebhookTransport } from '../egress/webhook-post.ts';
import type { Store } from '../store/store.ts';
import type { Loop } from '../upkeep/loop.ts';
import { createWebhookSender } from '../upkeep/webhook-sender.ts';

export type Webhooks = { readonly transport: WebhookTransport; readonly sender: Loop };

/** What a receiver may take: whatever takes longer should answer first and work then. */
const ATTEMPT_TIMEOUT_MS = 15_000;

/** What sends events to webhook endpoints. */
export function buildWebhooks(
  config: Pick<Config, 'webhookAllowedHosts' | 'pushCaPem' | 'pushProxy'>,
  parts: { readonly store: Store; readonly events: Events; readonly clock: Clock; readonly random: Random },
): Webhooks {
  const transport = loadedWhenUsed({
    allowedHosts: config.webhookAllowedHosts,
    caPem: config.pushCaPem,
    proxy: config.pushProxy,
    timeoutMs: ATTEMPT_TIMEOUT_MS,
  });
  return { transport, sender: createWebhookSender({ ...parts, post: transport.post }) };
}

/** What posts is a tenth of a start, and most have nothing to post to. */
function loadedWhenUsed(options: WebhookPostOptions): WebhookTransport {
  let loading: Promise<WebhookTransport> | null = null;
  const load = async (): Promise<WebhookTransport> => {
    const { createWebhookTransport } = await import('../egress/webhook-post.ts');
    return createWebhookTransport(options);
  };
  return {
    async post(...parameters) {
      loading ??= load();
      return (await loading).post(...parameters);
    },
    close: async () => (await loading)?.close(),
  };
}
