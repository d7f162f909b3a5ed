/**
 * What is done about a person, in this order. Schedules and the person’s own rows come first: what makes deliveries finds nobody from then
 * on. What is kept of people later on gets a step of its own here.
 */
const ERASURE_STEPS = [
  'schedules',
  'user',
  'subscriptions',
  'waiting_lists',
  'deliveries',
  'suppressions',
  'suppression_lists',
  'cap_uses',
  'experiments',
  'bulk_actions',
  'audit',
] as const;
export type ErasureStep = (typeof ERASURE_STEPS)[number];

/** What a receipt counts. `users`: what was said of the person. `lists`: lists of users of notifications that had them. */
export const ERASED_KINDS = [
  'users',
  'subscriptions',
  'waiting_deliveries',
  'deliveries',
  'contents',
  'suppressions',
  'lists',
  'cap_uses',
  'experiment_marks',
  'schedules',
  'bulk_actions',
  'audit_entries',
] as const;
type ErasedKind = (typeof ERASED_KINDS)[number];
export type ErasedCounts = Readonly<Record<ErasedKind, number>>;

/** What a person is called while the work goes on, and what stands for them where a row stays. */
export type ErasedPerson = {
  readonly userId: string;
  /** Drawn anew for each run, and forgotten with it: nothing leads from it to the person. */
  readonly alias: string;
  /** What came after this instant is of somebody who came after. */
  readonly untilMs: number;
};

/** The work under way, and how far it got. */
type ErasureRun = Pick<ErasedPerson, 'userId' | 'alias'> & {
  readonly step: ErasureStep;
  /** Where the step goes on; null at its beginning. */
  readonly cursor: string | null;
  readonly counts: ErasedCounts;
  /** Nobody else goes on with it before. */
  readonly dueAtMs: number;
};

/** What was done in all, as the receipt has it. It changes only where a later run found more. */
export type ErasureResult = {
  readonly erasedAtMs: number;
  readonly completedAtMs: number;
  readonly counts: ErasedCounts;
};

/** That a person was erased. It names nobody, but for the time that the work takes. */
export type Erasure = {
  readonly id: string;
  /** Grows by one with each write; a write that names another version loses. */
  readonly version: number;
  /** A keyed digest of the user id, one row for each. */
  readonly userDigest: string;
  /** All that there is of the person up to this instant goes. */
  readonly untilMs: number;
  /** Null where nothing is under way. */
  readonly run: ErasureRun | null;
  /** Null before the first run has ended. */
  readonly result: ErasureResult | null;
  /** It came from a list, and nobody has looked yet whom it means here. */
  readonly isToFind: boolean;
};

export const NOTHING_ERASED = Object.fromEntries(ERASED_KINDS.map((kind) => [kind, 0])) as ErasedCounts;

/** One that is known by its digest alone. */
export function wantedErasure(from: Pick<Erasure, 'id' | 'userDigest' | 'untilMs'>): Erasure {
  return { ...from, version: 1, run: null, result: null, isToFind: true };
}

/** Begun, or begun again, for what is there up to `untilMs`; whoever begins it has it to themselves until `dueAtMs`. */
export function begunErasure(erasure: Erasure, { userId, alias, untilMs }: ErasedPerson, dueAtMs: number): Erasure {
  const run = { userId, alias, step: ERASURE_STEPS[0], cursor: null, counts: NOTHING_ERASED, dueAtMs } as const;
  return { ...erasure, run, untilMs: Math.max(erasure.untilMs, untilMs), isToFind: false };
}

/** From the first step on once more: something of the person came after the work had passed it. */
export function begunAnew(erasure: Erasure, person: Pick<ErasedPerson, 'userId' | 'alias'>): Erasure {
  const { run, untilMs } = erasure;
  if (run === null) return begunErasure(erasure, { ...person, untilMs }, 0);
  return { ...erasure, run: { ...run, step: ERASURE_STEPS[0], cursor: null } };
}

/** What one page of a step came to. `next` null: the step is done. */
export type ErasedPage = { readonly counts: Partial<ErasedCounts>; readonly next: string | null };

/** With a page of its step done; at the end of the last step with the result. */
export function pageErased(erasure: Erasure, page: ErasedPage, nowMs: number): Erasure {
  const { run } = erasure;
  if (run === null) return erasure;
  const counts = sumOf(run.counts, page.counts);
  if (page.next !== null) return { ...erasure, run: { ...run, counts, cursor: page.next } };
  const step = ERASURE_STEPS[ERASURE_STEPS.indexOf(run.step) + 1];
  if (step !== undefined) return { ...erasure, run: { ...run, counts, step, cursor: null } };
  return { ...erasure, run: null, result: resultOf(erasure, counts, nowMs) };
}

/** Nobody of that digest was found. */
export function nobodyFound(erasure: Erasure, nowMs: number): Erasure {
  return { ...erasure, isToFind: false, result: resultOf(erasure, NOTHING_ERASED, nowMs) };
}

function resultOf({ result, untilMs }: Erasure, counts: ErasedCounts, nowMs: number): ErasureResult {
  const isMore = ERASED_KINDS.some((kind) => counts[kind] > 0);
  if (result !== null && !isMore) return result;
  return { erasedAtMs: untilMs, completedAtMs: nowMs, counts: sumOf(result?.counts ?? NOTHING_ERASED, counts) };
}

function sumOf(one: ErasedCounts, other: Partial<ErasedCounts>): ErasedCounts {
  return Object.fromEntries(ERASED_KINDS.map((kind) => [kind, (one[kind] ?? 0) + (other[kind] ?? 0)])) as ErasedCounts;
}
