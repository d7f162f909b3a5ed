import type { Device } from '../../src/emulator/device.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import type { SignedClient } from '../signed-client.ts';
import type { Account } from './account.ts';

/** A device, what its push service will do, and what Bellhop must make of it. */
export type DemoDevice = {
  readonly device: Device;
  readonly userId: string;
  readonly what: string;
  readonly expectedState: string;
  readonly expectedStatuses: readonly number[];
  /** Bellhop's id for it, once it is registered. */
  subscriptionId: string;
};

/** One healthy device, one whose push service is busy for a while, one whose subscription has ended. */
export function makeDevices(emulator: Emulator, applicationServerKey: string): DemoDevice[] {
  const busy = { status: 503, retryAfterSeconds: 1 };
  return [
    {
      device: emulator.createDevice({ name: 'laptop', applicationServerKey }),
      userId: 'ada',
      what: 'healthy',
      expectedState: 'delivered',
      expectedStatuses: [201],
      subscriptionId: '',
    },
    {
      device: emulator.createDevice({ name: 'phone', applicationServerKey, behaviour: [busy, busy, { status: 201 }] }),
      userId: 'ada',
      what: '503 with Retry-After twice, then well',
      expectedState: 'delivered',
      expectedStatuses: [503, 503, 201],
      subscriptionId: '',
    },
    {
      device: emulator.createDevice({ name: 'old tablet', applicationServerKey, behaviour: [{ status: 410 }] }),
      userId: 'grace',
      what: '410, its subscription has ended',
      expectedState: 'pruned',
      expectedStatuses: [410],
      subscriptionId: '',
    },
  ];
}

/** Registers each as a back end would: the browser's own JSON plus `user_id`. */
export async function registerDevices(to: Account, call: SignedClient, devices: readonly DemoDevice[]): Promise<void> {
  to.step('Register three devices, as their browsers describe themselves');
  for (const demo of devices) {
    const { device, userId, what } = demo;
    const answer = await call('POST', '/v1/subscriptions', { body: { user_id: userId, ...device.subscription } });
    demo.subscriptionId = String(answer.body.id);
    to.check(answer.status === 201, `${device.name}, ${userId}’s (${what}): ${answer.status}, ${demo.subscriptionId}`);
  }
}
