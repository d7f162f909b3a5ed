import { deadKindOf } from '../../../../src/domain/delivery/dead-kind.ts';
import type { Delivery } from '../../../../src/domain/delivery/delivery.ts';
import { toDeliveryDocument } from '../../../../src/store/mongodb/collections/delivery-document.ts';
import { NOW_MS } from '../../../support/samples.ts';

/** Of the type `a`; every thousandth dead letter is as an earlier version left it. */
export function deliveryDocument(delivery: Delivery, index: number) {
  return toDeliveryDocument(
    delivery,
    delivery.state === 'failed' && index % 1000 > 9 ? deadKindOf(delivery, 'a') : undefined,
  );
}

/** What each query about dead letters is asked for. `dead`: one of them, of the type `a`. */
export function deadLetterQuestions(dead: Delivery, afterId: string): Readonly<Record<string, unknown>> {
  const { userId, notificationId } = dead;
  const span = { fromMs: null, untilMs: null, after: null };
  const place = { userId: null, notificationId: null, afterId: null, span, kinds: [deadKindOf(dead, 'a'), 'none'] };
  return {
    'dead letters': { ...span, untilMs: NOW_MS + 60_000, after: { atMs: NOW_MS + 50_000, id: afterId } },
    'dead letters of a user': { ...place, userId, kinds: null, span: { ...span, fromMs: NOW_MS } },
    'dead letters of a kind': { ...place, span: { ...span, after: { atMs: NOW_MS * 2, id: dead.id } } },
    'dead letters counted': place,
    'dead letters of a notification': { ...place, notificationId },
    'kinds of dead letters': null,
    'kinds of dead letters of a notification': notificationId,
    'dead letters of no kind': null,
  };
}
