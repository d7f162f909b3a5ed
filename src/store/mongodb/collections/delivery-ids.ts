import { deliveryIdPrefix } from '../../../domain/ids.ts';

/** The deliveries of one notification, further on than the given one. Their ids have its id in front. */
export type OfNotification = { readonly notificationId: string; readonly afterId: string | null };

/** The ids of one notification’s deliveries, further on than the given one. */
export function ofNotification({ notificationId, afterId }: OfNotification) {
  const prefix = deliveryIdPrefix(notificationId);
  return { $gt: afterId ?? prefix, $lt: `${prefix}\u{10ffff}` };
}
