/** What a device can tell of a notification. `clicked` has the action of the button, or none. */
export const RECEIPT_EVENTS = ['shown', 'clicked', 'closed'] as const;
export type ReceiptEvent = (typeof RECEIPT_EVENTS)[number];

/** Which events are asked for. None: nothing is told, and nothing kept. */
export type Tracking = readonly ReceiptEvent[];

/** What a device told of one delivery. `action` is empty but for a button that was clicked. */
export type Receipt = {
  readonly deliveryId: string;
  readonly event: ReceiptEvent;
  readonly action: string;
  readonly atMs: number;
};

/** What is kept of receipts: once for each delivery and name, and counted by notification and name. */
export type ReceiptMark = {
  readonly deliveryId: string;
  readonly name: string;
  readonly atMs: number;
  /** Its notification has an experiment, in which its delivery may take part. Not kept. */
  readonly isInExperiment?: true;
};

/** How many deliveries of a notification were shown, clicked and closed; and of those clicked, how many by which button. */
export type ReceiptCounts = Readonly<Record<ReceiptEvent, number>> & { readonly actions: ReadonlyMap<string, number> };

/** By which name the clicks with one action are kept. The bare event’s name is that of a delivery clicked at all. */
const CLICKED_WITH = 'clicked ';

/** What all of them ask for: each can only leave events out. Null says nothing. */
export function trackingOf(...said: readonly (Tracking | null | undefined)[]): Tracking {
  return RECEIPT_EVENTS.filter((event) => said.every((tracking) => tracking?.includes(event) ?? true));
}

/** What a receipt comes to, where its event is asked for. A click implies that it was shown. */
export function marksOf({ deliveryId, event, action, atMs }: Receipt, tracking: Tracking): readonly ReceiptMark[] {
  if (!tracking.includes(event)) return [];
  if (event !== 'clicked') return [{ deliveryId, name: event, atMs }];
  const names = [...(tracking.includes('shown') ? ['shown'] : []), 'clicked', `${CLICKED_WITH}${action}`];
  return names.map((name) => ({ deliveryId, name, atMs }));
}

/** The receipts of one delivery, the earliest first. */
export function receiptsOf(marks: readonly ReceiptMark[]): readonly Receipt[] {
  return marks
    .filter(({ name }) => name !== 'clicked')
    .map(({ deliveryId, name, atMs }) => ({ deliveryId, ...eventIn(name), atMs }))
    .sort((one, two) => one.atMs - two.atMs || RECEIPT_EVENTS.indexOf(one.event) - RECEIPT_EVENTS.indexOf(two.event));
}

/** The counts of a notification, by the names of its marks. */
export function receiptCountsOf(counts: ReadonlyMap<string, number>): ReceiptCounts {
  const { shown, clicked, closed } = Object.fromEntries(
    RECEIPT_EVENTS.map((event) => [event, counts.get(event) ?? 0]),
  ) as Record<ReceiptEvent, number>;
  const actions = [...counts].filter(([name]) => name.startsWith(CLICKED_WITH) && name !== CLICKED_WITH);
  return { shown, clicked, closed, actions: new Map(actions.map(([name, count]) => [eventIn(name).action, count])) };
}

/**
 * When it happened, as far as a device’s clock can be believed: not before the notification was accepted, and not after this
 * instant.
 */
export function believedAtMs(toldMs: number | null, acceptedAtMs: number, nowMs: number): number {
  return Math.min(Math.max(toldMs ?? nowMs, acceptedAtMs), nowMs);
}

function eventIn(name: string): Pick<Receipt, 'event' | 'action'> {
  if (name.startsWith(CLICKED_WITH)) return { event: 'clicked', action: name.slice(CLICKED_WITH.length) };
  return { event: name as ReceiptEvent, action: '' };
}
