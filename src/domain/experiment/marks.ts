import type { Delivery } from '../delivery/delivery.ts';
import type { ReceiptMark } from '../receipt/receipt.ts';
import type { ExperimentMark, Stage } from './experiment.ts';

/** A delivery as far as an experiment counts it. */
type OfUser = Pick<Delivery, 'userId' | 'variant'>;

/** None where the delivery takes no part in an experiment. */
function marksFor({ userId, variant }: OfUser, stages: readonly Stage[]): readonly ExperimentMark[] {
  if (variant?.experimentKey === undefined) return [];
  const { key, experimentKey } = variant;
  return stages.map((stage) => ({ experimentKey, userId, variant: key, stage }));
}

/** What a delivery in this state says of its user. */
export function marksOfDelivery(delivery: OfUser & Pick<Delivery, 'state'>): readonly ExperimentMark[] {
  return marksFor(delivery, delivery.state === 'delivered' ? ['users', 'delivered'] : ['users']);
}

/** What a device told says of its user: it was delivered, whatever the push service answered. */
export function marksOfReceipt(delivery: OfUser, name: ReceiptMark['name']): readonly ExperimentMark[] {
  return name === 'shown' || name === 'clicked' ? marksFor(delivery, ['users', 'delivered', name]) : [];
}
