import { AppError } from '../../../domain/app-error.ts';
import { createdBy, retiredBy, subscriptionCreated } from '../../../domain/event/event-drafts.ts';
import type { CreationCause, EventDraft } from '../../../domain/event/outbox-event.ts';
import { decideImport, type ImportedSubscription, type ImportResult } from '../../../domain/subscription/import.ts';
import {
  decideRegistration,
  decideRestore,
  type RegisterResult,
  type RegistrationPlan,
  type RestoreResult,
  type Retirement,
} from '../../../domain/subscription/registration.ts';
import type { Subscription } from '../../../domain/subscription/subscription.ts';
import type { RegisterOptions } from '../../subscription-store.ts';
import type { Collections } from '../collections/collections.ts';
import { optionsOf } from '../collections/named-query.ts';
import {
  fieldsOf,
  type SubscriptionDocument,
  toSubscription,
  toSubscriptionDocument,
} from '../collections/subscription-document.ts';
import { OF_ENDPOINT, SUBSCRIPTION_BY_ID } from '../collections/subscription-queries.ts';
import { outboxOf } from '../event/outbox.ts';
import { duplicateField } from '../server/mongo-error.ts';
import { ledgerOf } from '../tally/ledger.ts';
import { changeOne, countSubscription } from './counted.ts';
import { crowdOutOthers } from './crowding.ts';

/** Each turn that does not end here was won by another registration of the same endpoint. */
const MAX_TURNS = 100;

/**
 * Registers by conditional writes alone. Whoever makes a row active gives it the endpoint's next generation, which is
 * unique: of those who come at the same time one wins, and the others look again. A process that dies between the two
 * writes of a move leaves an endpoint without an active row, which the next registration takes for the move that it is.
 */
export async function register(
  collections: Collections,
  draft: Subscription,
  options?: RegisterOptions,
): Promise<RegisterResult> {
  const result = await untilWon(() => registerOnce(collections, draft, options));
  const maxActive = options?.maxActive ?? null;
  if (result.kind === 'taken' || maxActive === null) return result;
  const crowdedOutIds = await crowdOutOthers(collections, result.subscription, maxActive);
  return crowdedOutIds.length === 0 ? result : { ...result, crowdedOutIds };
}

/** By the same conditional writes; with `isDryRun` without any. */
export async function importOne(
  collections: Collections,
  { draft, writtenAtMs }: ImportedSubscription,
  { isDryRun }: { readonly isDryRun: boolean },
): Promise<ImportResult> {
  return untilWon(async () => {
    const found = await documentsOf(collections, draft.endpointHash);
    const facts = { draft, ofEndpoint: found.map(toSubscription), isAtomic: false };
    const decision = decideImport(facts, writtenAtMs);
    if (decision.kind !== 'planned') return decision;
    return isDryRun ? decision.result : carryOut(collections, decision, { found, former: null, cause: 'imported' });
  });
}

/** Makes a retired one active again, unless its endpoint is in other hands. Asked again after a race that was lost. */
export function restore(collections: Collections, id: string, atMs: number): Promise<RestoreResult> {
  return untilWon(() => restoreOnce(collections, id, atMs));
}

async function untilWon<Result>(once: () => Promise<Result | 'lost'>): Promise<Result> {
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const result = await once();
    if (result !== 'lost') return result;
  }
  throw new AppError('store_unavailable', 'This endpoint is being registered by many callers at once: try again.');
}

async function registerOnce(
  collections: Collections,
  draft: Subscription,
  options?: RegisterOptions,
): Promise<RegisterResult | 'lost'> {
  const [found, former] = await Promise.all([
    documentsOf(collections, draft.endpointHash),
    options?.formerId ? findDocument(collections, options.formerId) : null,
  ]);
  const decision = decideRegistration({
    draft,
    ofEndpoint: found.map(toSubscription),
    former: former === null ? null : toSubscription(former),
    isVapidKeyGiven: options?.isVapidKeyGiven ?? false,
    isAtomic: false,
  });
  return decision.kind === 'taken' ? decision : carryOut(collections, decision, { found, former, cause: 'registered' });
}

/** The documents that the decision was made on. */
type Seen = {
  readonly found: readonly SubscriptionDocument[];
  readonly former: SubscriptionDocument | null;
  readonly cause: CreationCause;
};

async function carryOut(
  collections: Collections,
  plan: RegistrationPlan,
  { found, former, cause }: Seen,
): Promise<RegistrationPlan['result'] | 'lost'> {
  const { retireBefore, over, result, retireAfter } = plan;
  if (retireBefore !== null && !(await retireAsSeen(collections, retireBefore))) return 'lost';
  const before = over === null ? undefined : [...found, former].find((document) => document?._id === over.id);
  const document = toSubscriptionDocument(result.subscription, nextGeneration(before ? [...found, before] : found));
  const created = createdBy(plan, cause);
  const isWritten = await (before
    ? replace(collections, before, document, created)
    : insert(collections, { ...document, ...outboxOf(collections).field([created]) }));
  if (!isWritten) return 'lost';
  // A former row that has changed meanwhile stays active: a repetition retires it, or its push service's 410 does.
  if (retireAfter !== null) await retireAsSeen(collections, retireAfter);
  return result;
}

async function restoreOnce(collections: Collections, id: string, atMs: number): Promise<RestoreResult | 'lost'> {
  const own = await findDocument(collections, id);
  const found = own === null ? [] : await documentsOf(collections, own.endpointHash);
  const result = decideRestore(own === null ? null : toSubscription(own), found.map(toSubscription), atMs);
  if (result.kind !== 'restored' || own === null) return result;
  const document = toSubscriptionDocument(result.subscription, nextGeneration([...found, own]));
  return (await replace(collections, own, document, subscriptionCreated(id, 'restored', atMs))) ? result : 'lost';
}

async function findDocument({ subscriptions }: Collections, id: string): Promise<SubscriptionDocument | null> {
  return subscriptions.findOne(SUBSCRIPTION_BY_ID.filter(id), optionsOf(SUBSCRIPTION_BY_ID));
}

async function documentsOf({ subscriptions }: Collections, endpointHash: string): Promise<SubscriptionDocument[]> {
  return subscriptions.find(OF_ENDPOINT.filter(endpointHash), optionsOf(OF_ENDPOINT)).toArray();
}

/** Above that of every row concerned, so that no row and no endpoint ever has the same one twice. */
function nextGeneration(documents: readonly SubscriptionDocument[]): number {
  return 1 + Math.max(0, ...documents.map(({ generation }) => generation));
}

/** Only as it was looked at: its keys may have changed meanwhile, or its user, or its endpoint. */
async function retireAsSeen(collections: Collections, { seen, change }: Retirement): Promise<boolean> {
  const { id: _id, endpointHash, updatedAtMs, keys } = seen;
  const filter = { _id, isActive: true, endpointHash, updatedAtMs, p256dh: keys.p256dh, auth: keys.auth };
  return (await changeOne(collections, filter, fieldsOf(change), retiredBy(change))) !== null;
}

async function insert(collections: Collections, document: SubscriptionDocument): Promise<boolean> {
  const isMade = await insertOnce(collections, document);
  if (isMade) countSubscription(collections, null, document);
  return isMade;
}

async function insertOnce(collections: Collections, document: SubscriptionDocument): Promise<boolean> {
  try {
    await collections.subscriptions.insertOne(document);
    return true;
  } catch (error) {
    const field = duplicateField(error);
    if (field === null) throw error;
    // The id is new: where it is there already, this very insertion made it, and its answer was lost.
    if (field === '_id') ledgerOf(collections).doubt();
    return field === '_id';
  }
}

async function replace(
  collections: Collections,
  before: SubscriptionDocument,
  { _id, ...changes }: SubscriptionDocument,
  created: EventDraft | null,
): Promise<boolean> {
  try {
    // Active or retired as it was seen: whether it is created anew was decided on that.
    const { generation, endpointHash, isActive } = before;
    return (await changeOne(collections, { _id, generation, endpointHash, isActive }, changes, created)) !== null;
  } catch (error) {
    if (duplicateField(error) === null) throw error;
    return false;
  }
}
