import type { WebhookAnswer } from './webhook-delivery.ts';

/** One request to an endpoint, to be signed with each of these secrets. */
export type WebhookRequest = {
  readonly url: string;
  /** The same for each attempt, so that a receiver knows what it has had. */
  readonly id: string;
  readonly timestampSeconds: number;
  readonly body: string;
  readonly secrets: readonly string[];
};

/** Always answers with a value. */
export type PostWebhook = (request: WebhookRequest, signal: AbortSignal) => Promise<WebhookAnswer>;
