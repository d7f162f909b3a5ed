import { setImmediate } from 'node:timers/promises';
import { AppError, type AppErrorCode } from '../domain/app-error.ts';
import { readVapidPublicKey } from '../domain/push-service/vapid-key.ts';
import type { ImportedSubscription, ImportResult } from '../domain/subscription/import.ts';
import type { RetirementReason } from '../domain/subscription/subscription.ts';
import { MAX_TAGS, type UserPatch } from '../domain/user/user.ts';
import { announce, draftOf, type RegisterRequest, type SubscriptionsOptions } from './subscriptions.ts';
import type { Users } from './users.ts';

/** A subscription as another push system kept it. */
export type ImportRequest = Omit<RegisterRequest, 'formerId' | 'isByToken' | 'vapidPublicKey'> & {
  /** The key that the browser subscribed with: nobody but the other system can know it. */
  readonly vapidPublicKey: string;
  /** When the other system made it and last wrote it; null where it does not say. */
  readonly createdAtMs: number | null;
  readonly updatedAtMs: number | null;
  /** Given to the user, beside those there are. */
  readonly tags: readonly string[];
  /** What is said of the user where nothing was said before; null where the line says nothing. */
  readonly userPatch?: UserPatch | null;
};

/** A user who has no subscription there, and what the line says of them. */
export type PersonRequest = Pick<ImportRequest, 'userId' | 'tags'> & { readonly userPatch: UserPatch };

type LineRequest = ImportRequest | PersonRequest | AppError;

/** What became of one. */
export type Imported = {
  readonly result: 'added' | 'updated' | 'moved' | 'unchanged' | 'refused';
  /** Null where it was refused, would be new, or is of a user alone. */
  readonly subscriptionId: string | null;
  /** Why it was refused; null otherwise. */
  readonly code: AppErrorCode | null;
  /** What to know about it, in a sentence; null where there is nothing to know. Never an endpoint or a key of a browser. */
  readonly reason: string | null;
};

export type SubscriptionImport = {
  /** Each on its own, answered in the order given. An AppError stands for one that could not be read. */
  importMany(requests: readonly LineRequest[], options: { readonly isDryRun: boolean }): Promise<readonly Imported[]>;
};

type ImportOptions = Pick<
  SubscriptionsOptions,
  'store' | 'events' | 'clock' | 'random' | 'allowedHosts' | 'publicKeys'
> & { readonly users: Pick<Users, 'changeTags' | 'get' | 'patch'> };

/** So many are checked before others have their turn: the keys of one cost about 0.1 ms. */
const CHECKED_AT_ONCE = 32;

/** Takes over what another push system kept. What a line may do is decided in `domain/subscription/import.ts`. */
export function createSubscriptionImport(options: ImportOptions): SubscriptionImport {
  return {
    async importMany(requests, { isDryRun }) {
      const checked = await checkAll(options, requests);
      const results = await options.store.importMany(
        checked.filter((each): each is ImportedSubscription => 'draft' in each),
        { isDryRun },
      );
      const unknown = await unknownOf(options, checked.filter(isPerson));
      if (!isDryRun) for (const result of results) await announceResult(options, result);
      const inOrder = results.values();
      const answers = checked.map((each) => {
        if (each instanceof AppError) return refused(each.code, each.message);
        if (isPerson(each)) return ofPerson(unknown.has(each.userId));
        return answerOf(inOrder.next().value as ImportResult, isDryRun);
      });
      if (isDryRun) return answers;
      await saySaid(options, requests, answers);
      return withTags(options, requests, answers);
    },
  };
}

/** The first line of a user counts. A line that is refused says nothing, and neither does one of whose user something is known. */
async function saySaid(
  { users }: ImportOptions,
  requests: readonly LineRequest[],
  answers: readonly Imported[],
): Promise<void> {
  const patches = new Map<string, UserPatch>();
  for (const [index, request] of requests.entries()) {
    if (request instanceof AppError || !request.userPatch || answers[index]?.result === 'refused') continue;
    if (!patches.has(request.userId)) patches.set(request.userId, request.userPatch);
  }
  const say = async (userId: string, patch: UserPatch): Promise<void> => {
    if (!(await isKnown(users, userId))) await users.patch(userId, patch);
  };
  await Promise.all([...patches].map(([userId, patch]) => say(userId, patch)));
}

function isKnown(users: Pick<Users, 'get'>, userId: string): Promise<boolean> {
  return users.get(userId).then(
    () => true,
    (error: unknown) => {
      if (error instanceof AppError && error.code === 'user_not_found') return false;
      throw error;
    },
  );
}

/** Of whom nothing is known before the import. */
async function unknownOf({ users }: ImportOptions, persons: readonly PersonRequest[]): Promise<ReadonlySet<string>> {
  const ids = [...new Set(persons.map(({ userId }) => userId))];
  const known = await Promise.all(ids.map((id) => isKnown(users, id)));
  return new Set(ids.filter((_, index) => !known[index]));
}

function isPerson(each: LineRequest | ImportedSubscription): each is PersonRequest {
  return !(each instanceof AppError) && !('endpoint' in each) && !('draft' in each);
}

function ofPerson(isNew: boolean): Imported {
  return { result: isNew ? 'added' : 'unchanged', subscriptionId: null, code: null, reason: null };
}

const TOO_MANY_TAGS = `Its tags are left out: the user would have more than ${MAX_TAGS}.`;

/** Gives users the tags of their lines. A line that is refused gives none. */
async function withTags(
  { users }: ImportOptions,
  requests: readonly LineRequest[],
  answers: readonly Imported[],
): Promise<readonly Imported[]> {
  const byUser = new Map<string, string[]>();
  for (const [index, request] of requests.entries()) {
    if (request instanceof AppError || request.tags.length === 0 || answers[index]?.result === 'refused') continue;
    byUser.set(request.userId, [...(byUser.get(request.userId) ?? []), ...request.tags]);
  }
  const tooMany = new Set<string>();
  const give = async (userId: string, add: readonly string[]): Promise<void> => {
    try {
      await users.changeTags(userId, { add, remove: [] });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'invalid_request') throw error;
      tooMany.add(userId);
    }
  };
  await Promise.all([...byUser].map(([userId, add]) => give(userId, add)));
  return answers.map((answer, index) => {
    const request = requests[index];
    const isLeftOut =
      request !== undefined && 'tags' in request && request.tags.length > 0 && tooMany.has(request.userId);
    return isLeftOut && answer.result !== 'refused' ? { ...answer, reason: TOO_MANY_TAGS } : answer;
  });
}

async function checkAll(
  options: ImportOptions,
  requests: readonly LineRequest[],
): Promise<readonly (ImportedSubscription | PersonRequest | AppError)[]> {
  const checked: (ImportedSubscription | PersonRequest | AppError)[] = [];
  for (const [at, request] of requests.entries()) {
    if (at > 0 && at % CHECKED_AT_ONCE === 0) await setImmediate();
    checked.push(request instanceof AppError || isPerson(request) ? request : check(options, request));
  }
  return checked;
}

function check(options: ImportOptions, request: ImportRequest): ImportedSubscription | AppError {
  const { createdAtMs, updatedAtMs, tags: _, userPatch: __, ...registration } = request;
  const nowMs = options.clock.now();
  // A clock that is ahead would make the line newer than whatever a browser does.
  const [created, updated] = [createdAtMs, updatedAtMs].map((atMs) => (atMs === null || atMs > nowMs ? null : atMs));
  const writtenAtMs = updated ?? created ?? null;
  try {
    demandHeld(options.publicKeys(), request.vapidPublicKey);
    const draft = draftOf(options, registration);
    const since = { createdAtMs: created ?? writtenAtMs ?? nowMs, updatedAtMs: writtenAtMs ?? nowMs };
    return { draft: { ...draft, ...since }, writtenAtMs };
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

function demandHeld(held: readonly string[], given: string): void {
  const key = readVapidPublicKey(given);
  if (key === null) {
    // Not repeated: it could be the private one.
    throw new AppError('unknown_vapid_key', 'vapid_public_key is no VAPID public key: 65 octets in base64url.');
  }
  if (held.includes(key)) return;
  throw new AppError(
    'unknown_vapid_key',
    `It was subscribed with the VAPID public key ${key}, whose pair is not held here, and no other reaches it. ` +
      'Bring the pair along (bellhop import --vapid-keys FILE, or VAPID_OLD_KEYS), and import again.',
  );
}

async function announceResult(options: ImportOptions, result: ImportResult): Promise<void> {
  if (result.kind !== 'unchanged' && result.kind !== 'taken') await announce(options, result);
}

const WHY_INACTIVE: Readonly<Record<RetirementReason, string>> = {
  gone: 'its push service called it gone',
  refused: 'its push service refused it for days',
  moved: 'another user signed in at its browser',
  replaced: 'its device has another subscription',
  crowded_out: 'the user has many others',
  deleted: 'a call deletes it',
};

const TAKEN =
  'This endpoint belongs to another user here. It moves only where both keys are equal and the line says that it was ' +
  'written later (updated_at).';

function answerOf(result: ImportResult, isDryRun: boolean): Imported {
  if (result.kind === 'taken') return refused('endpoint_taken', TAKEN);
  const { id, retired } = result.subscription;
  switch (result.kind) {
    case 'created':
      return { result: 'added', subscriptionId: isDryRun ? null : id, code: null, reason: null };
    case 'moved':
      return { result: 'moved', subscriptionId: isDryRun ? null : id, code: null, reason: 'From another user.' };
    case 'updated':
      return { result: 'updated', subscriptionId: id, code: null, reason: null };
    case 'unchanged': {
      const since = retired === null ? null : new Date(retired.atMs).toISOString();
      const reason = retired === null ? null : `Inactive here since ${since}: ${WHY_INACTIVE[retired.reason]}.`;
      return { result: 'unchanged', subscriptionId: id, code: null, reason };
    }
  }
}

function refused(code: AppErrorCode, reason: string): Imported {
  return { result: 'refused', subscriptionId: null, code, reason };
}
