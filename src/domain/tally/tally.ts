import { type Delivery, type DeliveryState, FINAL_STATES, type FinalState, OPEN_STATES } from '../delivery/delivery.ts';
import { PRIORITIES, type Priority } from '../notification/priority.ts';
import { PUSH_SERVICES, type PushService } from '../push-service/push-service.ts';
import { pushTargetOf } from '../push-service/push-target.ts';
import type { Subscription } from '../subscription/subscription.ts';

type OpenState = (typeof OPEN_STATES)[number];

/** What is counted as it changes. A delivery that has ended is counted whatever its priority was. */
export type TallyName =
  | `open ${Priority} ${OpenState}`
  | `ended ${FinalState}`
  | `active ${PushService}`
  | `quarantined ${PushService}`;

export const TALLY_NAMES: readonly TallyName[] = [
  ...PRIORITIES.flatMap((priority) => OPEN_STATES.map((state) => `open ${priority} ${state}` as const)),
  ...FINAL_STATES.map((state) => `ended ${state}` as const),
  ...PUSH_SERVICES.flatMap((service) => [`active ${service}`, `quarantined ${service}`] as const),
];

/** How many there are of each. */
export type Tallies = Readonly<Record<TallyName, number>>;

/** A count that was wrong: what it was, and what there really are. */
export type Miscount = { readonly name: TallyName; readonly had: number; readonly found: number };

export type TallyChange = readonly [name: TallyName, by: number];

/** Under which name a delivery counts. */
export function tallyOf({ priority, state }: Pick<Delivery, 'priority' | 'state'>): TallyName {
  return NAMES[priority][state];
}

/** Looked up, for each delivery asks five times in its life. */
const NAMES = Object.fromEntries(
  PRIORITIES.map((priority) => [
    priority,
    Object.fromEntries([
      ...OPEN_STATES.map((state) => [state, `open ${priority} ${state}`]),
      ...FINAL_STATES.map((state) => [state, `ended ${state}`]),
    ]),
  ]),
) as Readonly<Record<Priority, Readonly<Record<DeliveryState, TallyName>>>>;

/** Where a subscription leads, and how it stands: all that a tally wants of it. Null: there is none. */
export type Counted = Pick<Subscription, 'endpoint'> & { readonly isActive: boolean; readonly isQuarantined: boolean };

/** Under which names a subscription counts. A retired one counts nowhere. */
export function talliesOf(counted: Counted | null): readonly TallyName[] {
  if (counted === null || !counted.isActive) return [];
  const { service } = pushTargetOf(counted.endpoint);
  return counted.isQuarantined ? [`active ${service}`, `quarantined ${service}`] : [`active ${service}`];
}

/** As a tally sees a subscription. */
export function countedOf({ endpoint, retired, quarantine }: Subscription): Counted {
  return { endpoint, isActive: retired === null, isQuarantined: quarantine !== null };
}

/** The same after a change that wrote these fields. */
export function countedAfter(before: Counted, { retired, quarantine }: Partial<Subscription>): Counted {
  return {
    ...before,
    ...(retired !== undefined && { isActive: retired === null }),
    ...(quarantine !== undefined && { isQuarantined: quarantine !== null }),
  };
}

/** What is counted, where a name that is not among these counts nothing. */
export function talliesFrom(counts: ReadonlyMap<string, number>): Tallies {
  return Object.fromEntries(TALLY_NAMES.map((name) => [name, counts.get(name) ?? 0])) as Tallies;
}
