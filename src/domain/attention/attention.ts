import type { PruneHold } from '../pruning/prune-hold.ts';
import type { Sending } from '../sending/sending.ts';
import type { WebhookEndpoint } from '../webhook/webhook-endpoint.ts';

/** What somebody has to look at, the most pressing first. */
export const ATTENTION_KINDS = [
  'sending_paused',
  'prune_hold_open',
  'lane_closed',
  'webhook_failing',
  'dead_letters',
  'no_backup',
] as const;
type AttentionKind = (typeof ATTENTION_KINDS)[number];

export type Attention = {
  readonly kind: AttentionKind;
  /** One sentence for people. */
  readonly says: string;
  /** Of what: a hold’s id, a lane’s origin; null where there is one alone. */
  readonly subject: string | null;
  /** How many there are; null where it is not for counting. */
  readonly count: number | null;
  readonly sinceMs: number | null;
};

type ClosedLane = { readonly origin: string; readonly untilMs: number | null };

export type AttentionFacts = {
  readonly sending: Sending;
  readonly openHolds: readonly PruneHold[];
  readonly closedLanes: readonly ClosedLane[];
  readonly deadLetters: number;
  readonly webhooks: readonly Pick<WebhookEndpoint, 'id' | 'disabled' | 'failingSinceMs'>[];
  /** Null: this store is backed up by other means, and nothing is known of that. */
  readonly backup: { readonly lastAtMs: number | null; readonly runsSinceMs: number } | null;
};

const DAY_MS = 86_400_000;
/** What fails for less is often back by itself. */
const WEBHOOK_MAY_FAIL_MS = 600_000;

/** What needs a person now; nothing where all is well. */
export function attentionFor(facts: AttentionFacts, nowMs: number): readonly Attention[] {
  return [
    ...pausedSending(facts),
    ...facts.openHolds.map(openHold),
    ...facts.closedLanes.map(closedLane),
    ...facts.webhooks.flatMap((endpoint) => failingWebhook(endpoint, nowMs)),
    ...deadLetters(facts),
    ...missingBackup(facts, nowMs),
  ];
}

function pausedSending({ sending }: AttentionFacts): readonly Attention[] {
  if (sending.state === 'on') return [];
  const why = sending.cause === 'restored' ? 'this store is a backup that was started' : 'somebody paused it';
  const says = `Nothing is sent: ${why}. Decide what becomes of what waits, and resume.`;
  return [{ kind: 'sending_paused', says, subject: null, count: null, sinceMs: sending.sinceMs }];
}

function openHold({ id, scope, subject, goneCount, answerCount, openedAtMs }: PruneHold): Attention {
  const of = scope === 'origin' ? subject : 'one VAPID key';
  const says = `${goneCount} of the last ${answerCount} users of ${of} were called gone: look whether they are, and confirm or dismiss.`;
  return { kind: 'prune_hold_open', says, subject: id, count: goneCount, sinceMs: openedAtMs };
}

function closedLane({ origin }: ClosedLane): Attention {
  const says = `${origin} fails for everybody: its deliveries wait, and a push now and then tries whether it is back.`;
  return { kind: 'lane_closed', says, subject: origin, count: null, sinceMs: null };
}

function failingWebhook(
  { id, disabled, failingSinceMs }: AttentionFacts['webhooks'][number],
  nowMs: number,
): readonly Attention[] {
  const of = { kind: 'webhook_failing', subject: id, count: null } as const;
  if (disabled !== null && disabled.reason !== 'by_hand') {
    const why = disabled.reason === 'gone' ? 'it answered 410' : 'it failed for days';
    const says = `Webhook endpoint ${id} is sent nothing any more: ${why}. Mend it, enable it again, and replay what it missed.`;
    return [{ ...of, says, sinceMs: disabled.atMs }];
  }
  if (disabled !== null || failingSinceMs === null || nowMs - failingSinceMs < WEBHOOK_MAY_FAIL_MS) return [];
  const says = `Webhook endpoint ${id} fails: its deliveries say how. What it misses is sent once it is back, for three days.`;
  return [{ ...of, says, sinceMs: failingSinceMs }];
}

function deadLetters({ deadLetters: count }: AttentionFacts): readonly Attention[] {
  if (count === 0) return [];
  const says = `${count.toLocaleString('en-US')} ${count === 1 ? 'delivery has' : 'deliveries have'} failed for good: read why, then replay or leave.`;
  return [{ kind: 'dead_letters', says, subject: null, count, sinceMs: null }];
}

function missingBackup({ backup }: AttentionFacts, nowMs: number): readonly Attention[] {
  if (backup === null) return [];
  const { lastAtMs, runsSinceMs } = backup;
  if (nowMs - (lastAtMs ?? runsSinceMs) < DAY_MS) return [];
  const says = lastAtMs === null ? 'No backup was ever made.' : 'No backup was made for a day.';
  return [{ kind: 'no_backup', says, subject: null, count: null, sinceMs: lastAtMs }];
}
