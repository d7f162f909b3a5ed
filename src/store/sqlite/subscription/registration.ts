import {
  decideRegistration,
  decideRestore,
  type RegisterResult,
  type RestoreResult,
} from '../../../domain/subscription/registration.ts';
import type { Subscription } from '../../../domain/subscription/subscription.ts';
import type { RegisterOptions } from '../../subscription-store.ts';
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
  const { retireBefore, result, retireAfter } = decision;
  if (retireBefore !== null) changeSubscription(database, retireBefore.change);
  writeSubscription(database, result.subscription);
  if (retireAfter !== null) changeSubscription(database, retireAfter.change);
  return result;
}

/** Within the caller's transaction. */
export function restore(database: Database, id: string, atMs: number): RestoreResult {
  const row = readSubscription(database, id);
  const result = decideRestore(row, row === null ? [] : rowsOf(database, row.endpointHash), atMs);
  if (result.kind === 'restored') writeSubscription(database, result.subscription);
  return result;
}

function rowsOf(database: Database, endpointHash: string): readonly Subscription[] {
  return database
    .all<SubscriptionRow>('SELECT * FROM subscriptions WHERE endpoint_hash = ?', [endpointHash])
    .map(toSubscription);
}
