import type { Priority } from '../notification/priority.ts';
import type { EndpointStanding } from '../webhook/webhook-endpoint.ts';
import type { Tallies } from './tally.ts';

/** `waiting`: events on their way to endpoints that are not disabled; `oldestBegunAtMs`: since when the oldest of them. */
export type WebhooksStanding = {
  readonly endpoints: Readonly<Record<EndpointStanding, number>>;
  readonly waiting: number;
  readonly oldestBegunAtMs: number | null;
};

/** How the store stands at one moment, as far as monitoring wants to know. */
export type Standing = {
  readonly atMs: number;
  readonly tallies: Tallies;
  readonly oldestDueAtMs: Readonly<Record<Priority, number | null>>;
  readonly openHolds: number;
  readonly isPaused: boolean;
  readonly storeOctets: number;
  readonly webhooks: WebhooksStanding;
};
