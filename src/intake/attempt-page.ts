import { Buffer } from 'node:buffer';
import { AppError } from '../domain/app-error.ts';
import type { Attempt, Delivery } from '../domain/delivery/delivery.ts';
import { isAttemptAskedFor } from '../domain/delivery/delivery-filter.ts';
import type { DeliveryStore, OfNotificationQuery } from '../store/delivery-store.ts';
import type { Page } from '../store/page.ts';

/** An attempt beside the delivery it was made for. */
export type AttemptOfDelivery = { readonly delivery: Delivery; readonly attempt: Attempt };

/** The last attempt handed out, and the store's cursor of the page that its delivery was on. */
type Place = { readonly storeCursor: string | null; readonly deliveryId: string; readonly number: number };

/**
 * The attempts of one notification, in order of delivery and number. Attempts are kept inside deliveries, so a page
 * here may end within a delivery; the cursor names the last attempt shown, so ones that are made meanwhile neither
 * repeat nor hide any.
 */
export async function attemptPage(
  deliveries: Pick<DeliveryStore, 'listByNotification'>,
  query: OfNotificationQuery,
): Promise<Page<AttemptOfDelivery>> {
  const { limit, filter } = query;
  const last = query.cursor === null ? null : parsePlace(query.cursor);
  const items: AttemptOfDelivery[] = [];
  let storeCursor = last?.storeCursor ?? null;
  for (;;) {
    const page = await deliveries.listByNotification({ ...query, cursor: storeCursor, attempted: true });
    const fresh = page.items
      .flatMap(attemptsOf)
      .filter(({ attempt }) => filter.attempt === null || isAttemptAskedFor(filter.attempt, attempt))
      .filter((item) => last === null || isAfter(item, last));
    const room = limit - items.length;
    items.push(...fresh.slice(0, room));
    const shown = items.at(-1);
    if (fresh.length > room && shown !== undefined) return { items, next: cursorAt(storeCursor, shown) };
    if (page.next === null) return { items, next: null };
    if (items.length === limit && shown !== undefined) return { items, next: cursorAt(page.next, shown) };
    // Enough was looked through for now.
    if (page.items.length < limit) return { items, next: cursorAt(page.next, shown ?? null) };
    storeCursor = page.next;
  }
}

function attemptsOf(delivery: Delivery): AttemptOfDelivery[] {
  return delivery.attempts.map((attempt) => ({ delivery, attempt }));
}

function isAfter({ delivery, attempt }: AttemptOfDelivery, place: Place): boolean {
  if (delivery.id !== place.deliveryId) return delivery.id > place.deliveryId;
  return attempt.number > place.number;
}

function cursorAt(storeCursor: string | null, last: AttemptOfDelivery | null): string {
  const place = [storeCursor, last?.delivery.id ?? '', last?.attempt.number ?? 0];
  return Buffer.from(JSON.stringify(place), 'utf8').toString('base64url');
}

function parsePlace(cursor: string): Place {
  const parts = parsed(cursor);
  if (!Array.isArray(parts) || parts.length !== 3) return invalidCursor();
  const [storeCursor, deliveryId, number] = parts as unknown[];
  if (storeCursor !== null && typeof storeCursor !== 'string') return invalidCursor();
  if (typeof deliveryId !== 'string' || !Number.isSafeInteger(number)) return invalidCursor();
  return { storeCursor, deliveryId, number: number as number };
}

function parsed(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}

function invalidCursor(): never {
  throw new AppError('invalid_cursor', 'The cursor is not one that this listing gave. Start again without it.');
}
