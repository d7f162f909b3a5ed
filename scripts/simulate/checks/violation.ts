/** What holds in every world, at every time. */
export const INVARIANTS = {
  accepted: 'what a caller was told is accepted is kept, once for each key',
  ends: 'what was accepted ends, and nothing that is due is left lying',
  states: 'the states of a delivery follow the machine',
  versions: 'versions only grow, and one write is kept over each',
  lease: 'no delivery and no subscription is leased by two, and nothing is pushed without a lease',
  twice: 'no push twice but after a death between post and settlement, and then the first is on record',
  one_at_a_time: 'at most one push to a subscription is under way',
  ttl: 'nothing is pushed past its deadline, and no TTL goes beyond it',
  topic: 'what a newer one with the same topic has superseded is not pushed',
  cancelled: 'what was called off, or paused, is not pushed',
  wishes: 'nothing is shown against a wish',
  quiet: 'nothing is shown within quiet hours or a pause',
  caps: 'a cap lets through as many as it says, and stops none before',
  fairness: 'however many jobs one user has, another’s next one waits for few of them',
  sum: 'users = users with deliveries + suppressions',
  status: 'a notification is completed when all of its deliveries have ended, and not before',
  tallies: 'counters equal their rows',
  events: 'events equal states',
  webhooks: 'events reach the webhook endpoints that are called, and what is delivered was taken',
  parts: 'no part fails but for a store that is away',
} as const;
export type Invariant = keyof typeof INVARIANTS;

/** What was found, and when. `message` says what was expected, and what there is. */
export type Violation = { readonly invariant: Invariant; readonly message: string; readonly atMs: number };

/** Thrown where a check fails; caught where the world is run. */
export class Violated extends Error {
  readonly invariant: Invariant;

  constructor(invariant: Invariant, message: string) {
    super(message);
    this.invariant = invariant;
  }
}

export function demand(invariant: Invariant, holds: boolean, message: () => string): void {
  if (!holds) throw new Violated(invariant, message());
}
