import type { Clock } from '../clock.ts';
import type { Events } from '../domain/events.ts';
import type { Random } from '../domain/ids.ts';
import {
  afterAttempt,
  expired,
  interrupted,
  judgeAnswer,
  newWebhookDelivery,
  resultOf,
  verdictOf,
  type WebhookDelivery,
  type WebhookResult,
  type WebhookVerdict,
} from '../domain/webhook/webhook-delivery.ts';
import {
  healthAfter,
  isSent,
  liveSecrets,
  type WebhookEndpoint,
  type WebhookHealth,
} from '../domain/webhook/webhook-endpoint.ts';
import type { PostWebhook } from '../domain/webhook/webhook-request.ts';
import type { Store } from '../store/store.ts';

/** An attempt ends long before, so that a lease outlives what is sent under it. */
const LEASE_MS = 120_000;
/** Begun later than this into a round, none would be sure to end within the lease. */
const BEGUN_WITHIN_MS = 60_000;
const EVENTS_AT_ONCE = 100;
/** Event pages taken in one round: then what is due is sent. */
const MOST_PAGES = 10;
const SENT_IN_A_ROUND = 64;
/** Requests to one endpoint at a time. */
const AT_ONCE = 4;
/** Others write an endpoint seldom: people, and its own rounds. */
const MAX_RACES = 5;

/** What a round works with. */
export type Round = {
  readonly store: Pick<Store, 'webhooks' | 'events'>;
  readonly post: PostWebhook;
  readonly events: Pick<Events, 'publish'>;
  readonly clock: Clock;
  readonly random: Random;
};

/**
 * One turn at an endpoint: takes the lease, makes deliveries of new events, sends what is due, and writes how the endpoint does. True where more is
 * due at once. While it fails, one delivery alone is tried: the others spend nothing on an endpoint that is away.
 */
export async function sendRound(round: Round, id: string, signal: AbortSignal): Promise<boolean> {
  const { store, clock } = round;
  const leased = await take(round, id);
  if (leased === null) return false;
  const endpoint = await makeDeliveries(round, leased);
  const isFailing = endpoint.failingSinceMs !== null;
  const isWaiting = (endpoint.retryAtMs ?? 0) > clock.now();
  const due = isWaiting ? [] : await store.webhooks.due(id, clock.now(), isFailing ? 1 : SENT_IN_A_ROUND);
  const verdicts = await sendAll(round, endpoint, due, isFailing ? 1 : AT_ONCE, signal);
  return giveBack(round, endpoint, verdicts);
}

/** Null where another has it, or it is switched off. */
async function take({ store, clock }: Round, id: string): Promise<WebhookEndpoint | null> {
  const endpoint = await store.webhooks.get(id);
  const nowMs = clock.now();
  if (endpoint === null || endpoint.disabled !== null || endpoint.leaseUntilMs > nowMs) return null;
  const leased = { ...endpoint, leaseUntilMs: nowMs + LEASE_MS };
  return (await store.webhooks.update(leased)) ? { ...leased, version: leased.version + 1 } : null;
}

/** First the deliveries, then the cursor: a process that dies in between leaves events that are taken again, to the same deliveries. */
async function makeDeliveries({ store, clock }: Round, leased: WebhookEndpoint): Promise<WebhookEndpoint> {
  let endpoint = leased;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const events = await store.events.after(endpoint.cursor, EVENTS_AT_ONCE);
    const last = events.at(-1);
    if (last === undefined) return endpoint;
    const { id, replay } = endpoint;
    const nowMs = clock.now();
    const made = events.filter(({ type }) => isSent(endpoint, type)).map((one) => newWebhookDelivery(id, one, nowMs));
    if (made.length > 0) await store.webhooks.addDeliveries(made, replay?.askedAtMs ?? null);
    const isReplayed = replay !== null && last.sequence >= replay.untilSequence;
    // Said with the cursor: should the process die now, nobody would look for them before the next event.
    const nextDueAtMs = made.length === 0 ? endpoint.nextDueAtMs : Math.min(endpoint.nextDueAtMs ?? nowMs, nowMs);
    const moved = { ...endpoint, cursor: last.sequence, replay: isReplayed ? null : replay, nextDueAtMs };
    // Somebody changed it meanwhile: what was made stays, and the next round goes on from what is kept.
    if (!(await store.webhooks.update(moved))) return endpoint;
    endpoint = { ...moved, version: moved.version + 1 };
  }
  return endpoint;
}

async function sendAll(
  round: Round,
  endpoint: WebhookEndpoint,
  due: readonly WebhookDelivery[],
  atOnce: number,
  signal: AbortSignal,
): Promise<readonly WebhookVerdict[]> {
  const verdicts: WebhookVerdict[] = [];
  const waiting = [...due];
  const untilMs = round.clock.now() + BEGUN_WITHIN_MS;
  const sendNext = async (): Promise<void> => {
    for (;;) {
      // After a failure none is begun: one of them will try whether it is back.
      const hasFailed = verdicts.some(({ kind }) => kind !== 'delivered');
      const next = hasFailed || signal.aborted || round.clock.now() >= untilMs ? undefined : waiting.shift();
      if (next === undefined) return;
      const verdict = await sendOne(round, endpoint, next, signal);
      if (verdict !== null) verdicts.push(verdict);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, sendNext));
  return verdicts;
}

/** Claim, attempt, settle. Null where nothing was learned of the endpoint. */
async function sendOne(
  { store, clock, random, post, events }: Round,
  endpoint: WebhookEndpoint,
  due: WebhookDelivery,
  signal: AbortSignal,
): Promise<WebhookVerdict | null> {
  const startedAtMs = clock.now();
  // What is on its way while nobody had the lease was left by a process that died.
  const found = due.state === 'sending' ? interrupted(due, due.dueAtMs ?? startedAtMs) : due;
  if (found.deadlineAtMs <= startedAtMs) {
    await store.webhooks.settle(expired(found, startedAtMs));
    return null;
  }
  const claimed = { ...found, state: 'sending', dueAtMs: startedAtMs } as const;
  if (!(await store.webhooks.settle(claimed))) return null;
  const timestampSeconds = Math.floor(startedAtMs / 1000);
  const { eventId: id, payload: body } = claimed;
  const secrets = liveSecrets(endpoint, startedAtMs);
  const answer = await post({ url: endpoint.url, id, timestampSeconds, body, secrets }, signal);
  const nowMs = clock.now();
  const own = { ...claimed, version: claimed.version + 1 };
  const tell = (result: WebhookResult): void =>
    events.publish({ type: 'webhook.attempted', webhookEndpointId: endpoint.id, result });
  if (signal.aborted && answer.kind === 'failure') {
    await store.webhooks.settle(interrupted(own, startedAtMs));
    tell('interrupted');
    return null;
  }
  const verdict = judgeAnswer(answer, nowMs);
  const attempt = {
    startedAtMs,
    tookMs: nowMs - startedAtMs,
    status: answer.kind === 'response' ? answer.status : null,
    error: answer.kind === 'failure' ? answer.failure : null,
  };
  await store.webhooks.settle(afterAttempt(own, attempt, verdict, nowMs, random()));
  tell(resultOf(answer, verdict));
  return verdict;
}

/** What was learned is written over whatever others have changed meanwhile; the lease ends. */
async function giveBack(
  { store, clock, random, events }: Round,
  sent: WebhookEndpoint,
  verdicts: readonly WebhookVerdict[],
): Promise<boolean> {
  for (let race = 0; race < MAX_RACES; race += 1) {
    const endpoint = await store.webhooks.get(sent.id);
    if (endpoint === null) return false;
    const nowMs = clock.now();
    const verdict = verdictOf(verdicts);
    const health: WebhookHealth = verdict === null ? endpoint : healthAfter(endpoint, verdict, nowMs, random());
    const nextDueAtMs = await store.webhooks.nextDueMs(sent.id);
    const { failingSinceMs, failures, retryAtMs } = health;
    const after = {
      ...endpoint,
      failingSinceMs,
      failures,
      retryAtMs,
      disabled: health.disabled,
      nextDueAtMs,
      leaseUntilMs: 0,
    };
    if (!(await store.webhooks.update(after))) continue;
    const { disabled } = after;
    if (endpoint.disabled === null && disabled !== null)
      events.publish({ type: 'webhook.disabled', webhookEndpointId: sent.id, reason: disabled.reason });
    return disabled === null && (after.retryAtMs ?? 0) <= nowMs && nextDueAtMs !== null && nextDueAtMs <= nowMs;
  }
  return false;
}
