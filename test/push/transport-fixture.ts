import { systemClock } from '../../src/clock.ts';
import { generateVapidKeys } from '../../src/config/vapid-key-maker.ts';
import type { PushMessage } from '../../src/domain/push-service/push-message.ts';
import type { PushResult } from '../../src/domain/push-service/push-outcome.ts';
import { type AllowedHost, parseAllowedHost } from '../../src/domain/subscription/endpoint-policy.ts';
import type { Device, DeviceOptions } from '../../src/emulator/device.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import type { PushTransport } from '../../src/push/push-transport.ts';
import { createVapidSigner } from '../../src/push/vapid.ts';
import { createWebPushTransport, type WebPushTransportOptions } from '../../src/push/web-push.ts';

export const vapidKeys = generateVapidKeys();

export const never = new AbortController().signal;

export function allowed(...hosts: string[]): AllowedHost[] {
  return hosts.map((host) => parseAllowedHost(host)).filter((host) => host !== null);
}

export function messageTo(
  subscription: Pick<Device['subscription'], 'endpoint' | 'keys'>,
  parts: Partial<PushMessage> = {},
): PushMessage {
  return {
    endpoint: subscription.endpoint,
    keys: subscription.keys,
    vapidPublicKey: vapidKeys.publicKey,
    payload: '{"title":"Hello"}',
    ttlSeconds: 60,
    urgency: 'normal',
    topic: null,
    ...parts,
  };
}

/** How a transport is made: on this thread, or by threads beside it. */
export type MakeTransport = (options: WebPushTransportOptions) => PushTransport;

/** Everything a test starts is closed after it, the newest first. */
export class Closing {
  readonly #closers: (() => Promise<void>)[] = [];
  readonly #make: MakeTransport;

  constructor(make: MakeTransport = createWebPushTransport) {
    this.#make = make;
  }

  async emulator(options?: Parameters<typeof startEmulator>[0]): Promise<Emulator> {
    const emulator = await startEmulator(options);
    this.#closers.push(emulator.close);
    return emulator;
  }

  transport(options: Partial<WebPushTransportOptions> = {}): PushTransport {
    const transport = this.#make({
      vapid: createVapidSigner({ subject: 'mailto:ops@example.com', keyPairs: [vapidKeys], clock: systemClock }),
      attemptTimeoutMs: 10_000,
      allowedHosts: [],
      caPem: null,
      ...options,
    });
    this.#closers.push(transport.close);
    return transport;
  }

  /** A transport that trusts this emulator. */
  transportTo(emulator: Emulator, options: Partial<WebPushTransportOptions> = {}): PushTransport {
    return this.transport({ allowedHosts: allowed(emulator.allowedHost), caPem: emulator.caPem, ...options });
  }

  /** Sends one message to a new device whose push service behaves so. */
  async sendOnce(
    behaviour: NonNullable<DeviceOptions['behaviour']>,
    options: Partial<WebPushTransportOptions> = {},
  ): Promise<{ result: PushResult; emulator: Emulator; device: Device }> {
    const emulator = await this.emulator();
    const device = emulator.createDevice({ behaviour });
    const result = await this.transportTo(emulator, options).send(messageTo(device.subscription), never);
    return { result, emulator, device };
  }

  async all(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }
}
