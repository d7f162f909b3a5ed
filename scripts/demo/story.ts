import { setTimeout as delay } from 'node:timers/promises';
import type { SignedClient } from '../signed-client.ts';
import type { Account } from './account.ts';
import type { DemoDevice } from './devices.ts';

type Attempt = {
  number: number;
  http_status: number | null;
  latency_ms: number;
  outcome: string;
  error: string | null;
};
type Delivery = {
  id: string;
  subscription_id: string;
  state: string;
  states: { state: string; at: string }[];
  attempts: Attempt[];
};

const NOTIFICATION = {
  type: 'order.shipped',
  user_ids: ['ada', 'grace'],
  title: 'Your parcel is on its way 📦',
  body: 'It left the warehouse at 14:02.',
  url: '/orders/1815',
  data: { order: 1815 },
  priority: 'high',
};

/** Two waits of a second for Retry-After, and ample time for everything else. */
const PATIENCE_MS = 20_000;
const LOOK_AGAIN_MS = 100;

/** One signed call, and the same again, which must change nothing. Gives the notification's id. */
export async function sendNotification(to: Account, call: SignedClient): Promise<string> {
  to.step('Send a notification to both users');
  const headers = { 'Idempotency-Key': 'order-1815-shipped' };
  const answer = await call('POST', '/v1/notifications', { body: NOTIFICATION, headers });
  const id = String(answer.body.id);
  to.check(answer.status === 202, `${answer.status}, ${id}, ${answer.body.status}`);
  const again = await call('POST', '/v1/notifications', { body: NOTIFICATION, headers });
  to.check(again.body.id === id, 'the same call with the same Idempotency-Key gave the same notification');
  return id;
}

/** Waits for the end, then tells each delivery's states and attempts, which must be those its device calls for. */
export async function tellDeliveries(
  to: Account,
  call: SignedClient,
  notificationId: string,
  devices: readonly DemoDevice[],
): Promise<void> {
  to.step('Watch the deliveries to their ends');
  const notification = await whenCompleted(call, notificationId);
  to.check(notification.status === 'completed', `${notification.status}: ${tell(notification.counts)}`);
  const { body } = await call('GET', `/v1/notifications/${notificationId}/deliveries`);
  const deliveries = body.items as Delivery[];
  for (const demo of devices) {
    const delivery = deliveries.find((one) => one.subscription_id === demo.subscriptionId);
    if (delivery === undefined) to.check(false, `${demo.device.name}: no delivery on record`);
    else tellDelivery(to, demo, delivery);
  }
}

function tellDelivery(to: Account, demo: DemoDevice, { state, states, attempts }: Delivery): void {
  const startMs = Date.parse(states[0]?.at ?? '');
  const steps = states.map((step) => `${step.state} +${((Date.parse(step.at) - startMs) / 1000).toFixed(2)}s`);
  const statuses = attempts.map((attempt) => attempt.http_status);
  const isRight = state === demo.expectedState && String(statuses) === String(demo.expectedStatuses);
  to.check(isRight, `${demo.device.name}: ${steps.join(' → ')}`);
  for (const { number, http_status, latency_ms, outcome, error } of attempts) {
    to.detail(
      `attempt ${number}: HTTP ${http_status} in ${latency_ms} ms, ${outcome}${error === null ? '' : `: ${error}`}`,
    );
  }
}

/** What the devices decrypted with their own keys must be what was sent. */
export function tellPayload(to: Account, notificationId: string, devices: readonly DemoDevice[]): void {
  to.step('Read what the devices decrypted');
  const { user_ids: _, priority: __, ...content } = NOTIFICATION;
  const expected = JSON.stringify({ notification_id: notificationId, ...content });
  for (const { device, expectedState } of devices) {
    const texts = device.received.map((push) => push.payload);
    const sorted = texts.map((text) => JSON.stringify(text === null ? null : JSON.parse(text)));
    const count = expectedState === 'delivered' ? 1 : 0;
    to.check(
      sorted.length === count && sorted.every((text) => text === expected),
      `${device.name}: ${texts.length} received`,
    );
    for (const text of texts) to.detail(text ?? 'not decrypted');
  }
}

/** The one whose subscription ended is kept, inactive, with the reason; the others are still active. */
export async function tellPruned(to: Account, call: SignedClient, devices: readonly DemoDevice[]): Promise<void> {
  to.step('Look at the subscriptions afterwards');
  for (const { device, subscriptionId, expectedState } of devices) {
    const { body } = await call('GET', `/v1/subscriptions/${subscriptionId}`);
    const isRight = body.active === (expectedState !== 'pruned');
    const standing = body.active === true ? 'active' : `retired (${body.retired_reason}) at ${body.retired_at}`;
    to.check(isRight, `${device.name}: ${standing}, ${body.endpoint}`);
  }
}

async function whenCompleted(call: SignedClient, id: string): Promise<Record<string, unknown>> {
  const giveUpAtMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const { body } = await call('GET', `/v1/notifications/${id}`);
    if (body.status === 'completed' || Date.now() > giveUpAtMs) return body;
    await delay(LOOK_AGAIN_MS);
  }
}

function tell(counts: unknown): string {
  const known = Object.entries(counts as Record<string, number>).filter(
    ([state, count]) => count > 0 && state !== 'total',
  );
  return known.map(([state, count]) => `${count} ${state}`).join(', ');
}
