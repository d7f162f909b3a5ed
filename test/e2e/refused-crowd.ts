import { expect } from 'vitest';
import { notifyAll } from '../../scripts/bench/notify-all.ts';
import type { SignedClient } from '../../scripts/signed-client.ts';
import type { Attempt, Delivery } from '../../src/domain/delivery/delivery.ts';
import { ANY_DELIVERY } from '../../src/domain/delivery/delivery-filter.ts';
import type { Device } from '../../src/emulator/device.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import type { Store } from '../../src/store/store.ts';
import { everyPage } from '../contract/fresh-store.ts';

/** Users with a device each. */
export type Crowd = { readonly userIds: readonly string[]; readonly devices: readonly Device[] };

const AT_ONCE = 50;

export async function registerCrowd(emulator: Emulator, call: SignedClient, count: number): Promise<Crowd> {
  const userIds = Array.from({ length: count }, (_, at) => `user-${at}`);
  const devices = userIds.map((name) => emulator.createDevice({ name }));
  const register = async (userId: string, at: number) => {
    const body = { user_id: userId, ...devices[at]?.subscription };
    expect((await call('POST', '/v1/subscriptions', { body })).status).toBe(201);
  };
  for (let at = 0; at < count; at += AT_ONCE)
    await Promise.all(userIds.slice(at, at + AT_ONCE).map((userId, index) => register(userId, at + index)));
  return { userIds, devices };
}

/** So many notifications of the type `t` to all of them, each refused by every device. Gives their ids. */
export async function refuseAll(store: Store, { userIds }: Crowd, notifications: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let made = 0; made < notifications; made += 1) {
    const nowMs = Date.now();
    const as = (delivery: Delivery) => refused(delivery, nowMs);
    const pages = notifyAll(store, { userIds, nowMs, content: { type: 't', title: 'x' }, as });
    for await (const page of pages) ids[made] = page[0]?.notificationId ?? '';
  }
  return ids;
}

function refused(delivery: Delivery, nowMs: number): Delivery {
  const attempt: Attempt = {
    ...{ number: 1, retryCount: 0, retryAtMs: null, startedAtMs: nowMs, endedAtMs: nowMs, latencyMs: 1 },
    ...{ status: 'failed', outcome: 'rejected', httpStatus: 400, error: 'HTTP 400', remedy: 'Mend it.' },
  };
  const ended = { state: 'failed', reason: 'rejected', dueAtMs: null, endedAtMs: nowMs } as const;
  return { ...delivery, ...ended, attemptCount: 1, attempts: [attempt] };
}

/** All deliveries of these notifications. */
export async function deliveriesOf(store: Store, notificationIds: readonly string[]): Promise<readonly Delivery[]> {
  const all: Delivery[] = [];
  for (const notificationId of notificationIds) {
    const { items } = await everyPage<Delivery>((cursor) =>
      store.deliveries.listByNotification({
        ...{ notificationId, userId: null, cursor, limit: 500, attempted: false },
        filter: ANY_DELIVERY,
      }),
    );
    all.push(...items);
  }
  return all;
}
