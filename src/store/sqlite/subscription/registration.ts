import { createdBy, subscriptionCreated } from '../../../domain/event/event-drafts.ts';
import type { CreationCause } from '../../../domain/event/outbox-event.ts';
import {
  crowdOut,
  type Idle,
  MOST_CROWDED_OUT_AT_ONCE,
  mostActiveRead,
  retiredKept,
} from '../../../domain/subscription/crowding.ts';
import { decideImport, type ImportedSubscription, type ImportResult } from '../../../domain/subscription/import.ts';
import {
  decideRegistration,
  decideRestore,
  type RegisterResult,
  type RegistrationPlan,
  type RestoreResult,
} from '../../../domain/subscription/registration.ts';
import type { Subscription } from '../../../domain/subscription/subscription.ts';
import type { RegisterOptions } from '../../subscription-store.ts';
import { outboxOf } from '../event/outbox.ts';
import type { Database } from '../file/driver.ts';
import {
  changeSubscription,
  readSubscription,
  type SubscriptionRow,
  toSubscription,
  writeSubscription,
} from '../tables/subscription-rows.ts';

/** Within the caller's transaction. */
export function register(database: Database, draft: Subscription, options?: RegisterOptions): RegisterResult {
  const decision = decideRegistration({
    draft,
    ofEndpoint: rowsOf(database, draft.endpointHash),
    former: options?.formerId ? readSubscription(database, options.formerId) : null,
    isVapidKeyGiven: options?.isVapidKeyGiven ?? false,
    isAtomic: true,
  });
  if (decision.kind === 'taken') return decision;
  carryOut(database, decision, 'registered');
  const { result } = decision;
  const maxActive = options?.maxActive ?? null;
  const crowdedOutIds = maxActive === null ? [] : crowdOutOthers(database, result.subscription, maxActive);
  return crowdedOutIds.length === 0 ? result : { ...result, crowdedOutIds };
}

/** Within the caller's transaction, or, with `isDryRun`, outside of any. */
export function importOne(
  database: Database,
  { draft, writtenAtMs }: ImportedSubscription,
  { isDryRun }: { readonly isDryRun: boolean },
): ImportResult {
  const ofEndpoint = rowsOf(database, draft.endpointHash);
  const decision = decideImport({ draft, ofEndpoint, isAtomic: true }, writtenAtMs);
  if (decision.kind !== 'planned') return decision;
  if (!isDryRun) carryOut(database, decision, 'imported');
  return decision.result;
}

function carryOut(database: Database, plan: RegistrationPlan, cause: CreationCause): void {
  const { retireBefore, result, retireAfter } = plan;
  if (retireBefore !== null) changeSubscription(database, retireBefore.change);
  writeSubscription(database, result.subscription);
  outboxOf(database).add(createdBy(plan, cause));
  if (retireAfter !== null) changeSubscription(database, retireAfter.change);
}

function crowdOutOthers(
  database: Database,
  { id, userId, updatedAtMs: nowMs }: Subscription,
  maxActive: number,
): readonly string[] {
  const active = database.all<Idle>(
    `SELECT id, updated_at AS updatedAtMs FROM subscriptions WHERE user_id = ? AND retired_at IS NULL
     ORDER BY updated_at, id LIMIT ?`,
    [userId, mostActiveRead(maxActive)],
  );
  const changes = crowdOut(id, active, maxActive, nowMs);
  for (const change of changes) changeSubscription(database, change);
  database.run(
    `DELETE FROM subscriptions WHERE id IN
       (SELECT id FROM subscriptions WHERE user_id = ? AND retired_at IS NOT NULL
        ORDER BY updated_at DESC, id DESC LIMIT ? OFFSET ?)`,
    [userId, MOST_CROWDED_OUT_AT_ONCE, retiredKept(maxActive)],
  );
  return changes.map(({ subscriptionId }) => subscriptionId);
}

/** Within the caller's transaction. */
export function restore(database: Database, id: string, atMs: number): RestoreResult {
  const row = readSubscription(database, id);
  const result = decideRestore(row, row === null ? [] : rowsOf(database, row.endpointHash), atMs);
  if (result.kind === 'restored') {
    writeSubscription(database, result.subscription);
    outboxOf(database).add(subscriptionCreated(id, 'restored', atMs));
  }
  return result;
}

function rowsOf(database: Database, endpointHash: string): readonly Subscription[] {
  return database
    .all<SubscriptionRow>('SELECT * FROM subscriptions WHERE endpoint_hash = ?', [endpointHash])
    .map(toSubscription);
}
