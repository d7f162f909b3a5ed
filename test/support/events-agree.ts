import { expect } from 'vitest';
import type { SignedClient } from '../../scripts/signed-client.ts';

type Event = {
  readonly type: string;
  readonly sequence: number;
  readonly data: { readonly notification_id: string; readonly delivery_id: string };
};

/** Each of these notifications was announced as completed once, each of these deliveries as failed once, and no other as failed. */
export async function eventsAgree(
  completedIds: readonly string[],
  failedIds: readonly string[],
  call: SignedClient,
): Promise<void> {
  const events = await allEvents(call);
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
  const dataOf = (type: string) => events.filter((event) => event.type === type).map(({ data }) => data);
  const completed = dataOf('notification.completed').map(({ notification_id: id }) => id);
  expect(completed.filter((id) => completedIds.includes(id)).toSorted()).toEqual([...completedIds].toSorted());
  const failed = dataOf('delivery.failed').map(({ delivery_id: id }) => id);
  expect(failed.toSorted()).toEqual([...failedIds].toSorted());
}

async function allEvents(call: SignedClient): Promise<readonly Event[]> {
  const events: Event[] = [];
  for (let after = 0, hasMore = true; hasMore; ) {
    const { body } = await call('GET', `/v1/events?after=${after}&limit=200`);
    events.push(...(body.items as Event[]));
    [after, hasMore] = [Number(body.next_after), Boolean(body.has_more)];
  }
  return events;
}
