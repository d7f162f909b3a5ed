import { MAX_ATTEMPTS_KEPT } from '../../../src/domain/delivery/delivery.ts';
import type { PushMessage } from '../../../src/domain/push-service/push-message.ts';
import { readSending } from '../../../src/domain/sending/sending.ts';
import type { Database } from '../../../src/store/sqlite/file/driver.ts';
import type { Plan } from '../plan/plan.ts';
import type { Push } from '../world/push-services.ts';
import type { Life } from '../world/world-time.ts';
import { demand } from './violation.ts';
import { isRefused, type SaidOf, saidOf, wantsSilence } from './wishes.ts';

/** What was true before a claim was asked for. */
export type PushFacts = {
  readonly said: SaidOf | null;
  readonly isCancelled: boolean;
  readonly newerId: string | null;
  readonly sending: string | null;
};

/** A lease as it was granted, by the world’s time. */
export type Lease = {
  readonly life: Life;
  readonly untilMs: number;
  readonly claimedAtMs: number;
  readonly deliveryId: string;
  readonly notificationId: string;
  readonly type: string;
  readonly subscriptionId: string;
  readonly userId: string;
  readonly endpoint: string;
  readonly version: number;
  readonly attempt: number;
  readonly isPastDeadline: boolean;
  readonly facts: PushFacts;
};

type Scene = {
  readonly database: Database;
  readonly plan: Plan;
  readonly nowMs: number;
  /** By the clock of the process that sends. */
  readonly processNowMs: number;
  readonly lease: Lease;
  readonly earlier: readonly (Push & { readonly attempt: number })[];
  readonly underWay: readonly Push[];
};

/** A pause is known in all processes after so long, though the store be slow. */
const PAUSE_KNOWN_MS = 15_000;

/** Whether this push may be posted now. */
export function checkPush(push: Push, message: PushMessage, scene: Scene): void {
  const { lease, nowMs, underWay } = scene;
  const { deliveryId: id } = lease;
  demand(
    'lease',
    nowMs < lease.untilMs,
    () => `${id} was pushed ${nowMs - lease.untilMs} ms after its lease had ended`,
  );
  const beside = underWay.find(({ endpoint }) => endpoint === push.endpoint);
  demand(
    'one_at_a_time',
    beside === undefined,
    () => `${id} was pushed while ${beside?.notificationId} was under way to the same subscription`,
  );
  checkDeadline(message, scene);
  checkTwice(scene);
  const { newerId, isCancelled, sending } = lease.facts;
  demand(
    'topic',
    newerId === null,
    () => `${id} was pushed, though ${newerId} with the same topic was there before it was claimed`,
  );
  demand(
    'cancelled',
    !isCancelled,
    () => `${id} was pushed, though its notification had been called off before it was claimed`,
  );
  const standing = readSending(sending);
  const isPaused = standing.state === 'paused' && nowMs - standing.sinceMs > PAUSE_KNOWN_MS;
  demand('cancelled', !isPaused, () => `${id} was pushed, though sending had been paused before it was claimed`);
  checkWishes(scene);
}

function checkDeadline({ ttlSeconds }: PushMessage, { database, lease, processNowMs }: Scene): void {
  const { deliveryId: id } = lease;
  const row = database.first<{ deadline_at: number }>('SELECT deadline_at FROM deliveries WHERE id = ?', [id]);
  if (row === undefined) return;
  const leftMs = row.deadline_at - processNowMs;
  demand('ttl', leftMs > 0, () => `${id} was pushed ${-leftMs} ms past its deadline`);
  demand(
    'ttl',
    ttlSeconds <= Math.ceil(leftMs / 1000),
    () => `${id} was pushed with a TTL of ${ttlSeconds} s, ${leftMs} ms before its deadline`,
  );
}

/** The service took an earlier one: then a process died before it had written so, and the attempt stands in the row all the same. */
function checkTwice({ database, lease, earlier }: Scene): void {
  const { deliveryId: id } = lease;
  const row = database.first<{ attempts: string | null; replays: string | null }>(
    'SELECT attempts, replays FROM deliveries WHERE id = ?',
    [id],
  );
  const attempts = JSON.parse(row?.attempts ?? '[]') as { readonly number: number; readonly outcome: string }[];
  for (const push of earlier) {
    if (push.attempt <= lease.attempt - MAX_ATTEMPTS_KEPT) continue;
    const record = attempts.find(({ number }) => number === push.attempt);
    demand(
      'twice',
      record !== undefined,
      () => `${id} was pushed again, and its attempt ${push.attempt} is not on record`,
    );
    const wasTaken = push.status !== null && push.status < 300;
    if (!wasTaken) continue;
    demand(
      'twice',
      !push.life.isAlive,
      () =>
        `${id} was pushed again (attempt ${lease.attempt}), though attempt ${push.attempt} was taken and its process lives: ${record?.outcome}`,
    );
    demand(
      'twice',
      record?.outcome === 'interrupted',
      () => `${id} was pushed again, though attempt ${push.attempt} was taken: ${record?.outcome}`,
    );
  }
}

/** Where what the person wants has not changed since the claim was asked for. */
function checkWishes({ database, plan, lease, processNowMs }: Scene): void {
  const { deliveryId: id, type, userId, facts } = lease;
  const said = saidOf(database, userId);
  if (JSON.stringify(said) !== JSON.stringify(facts.said)) return;
  const rule = Object.entries(plan.rules).find(([pattern]) => type.startsWith(pattern.slice(0, -1)))?.[1];
  if (rule?.preference !== 'required') {
    const isOptIn = rule?.preference === 'opted_out' && said !== null;
    demand(
      'wishes',
      !isRefused(said, type, isOptIn),
      () => `${id} of type ${type} was pushed to ${userId}, who does not want it: ${said?.preferences}`,
    );
  }
  if (said === null || rule?.overrides?.includes('quiet_hours')) return;
  const isSilent = wantsSilence(said, plan.serverZone, processNowMs);
  demand(
    'quiet',
    !isSilent,
    () =>
      `${id} was pushed to ${userId} at ${new Date(processNowMs).toISOString()}, who wants silence then: ${JSON.stringify(said)}`,
  );
}
