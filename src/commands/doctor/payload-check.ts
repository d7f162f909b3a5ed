import { systemClock } from '../../clock.ts';
import { generateVapidKeys } from '../../config/vapid-key-maker.ts';
import { type Finding, failed, ok, skipped } from '../../domain/finding.ts';
import { MAX_PAYLOAD_OCTETS } from '../../domain/notification/notification.ts';
import type { VapidKeyPair } from '../../domain/push-service/vapid-key.ts';
import { createVapidSigner } from '../../push/vapid.ts';
import { createWebPushTransport } from '../../push/web-push.ts';
import { whatEmulatorLacks } from '../emulator-parts.ts';

const LIMIT_MS = 5000;
const REPORT = 'This is a fault of Bellhop’s, or of this Node: please report it, with this output.';

/** The largest payload there may be, encrypted and signed with the real key, to a push service on this machine and back. */
export async function checkPayload(pair: VapidKeyPair | null, subject: string | null): Promise<readonly Finding[]> {
  const loaded = await loadEmulator();
  if (typeof loaded === 'string') return [skipped('payload', loaded)];
  const emulator = await loaded.startEmulator();
  const key = pair ?? generateVapidKeys();
  const transport = createWebPushTransport({
    vapid: createVapidSigner({ subject: subject ?? 'mailto:doctor@example.com', keyPairs: [key], clock: systemClock }),
    attemptTimeoutMs: LIMIT_MS,
    allowedHosts: [{ host: '127.0.0.1', port: emulator.port }],
    caPem: emulator.caPem,
  });
  try {
    const device = emulator.createDevice({ applicationServerKey: key.publicKey });
    const payload = 'x'.repeat(MAX_PAYLOAD_OCTETS);
    const { endpoint, keys } = device.subscription;
    const message = { endpoint, keys, vapidPublicKey: key.publicKey, payload, ttlSeconds: 60, topic: null } as const;
    const result = await transport.send({ ...message, urgency: 'normal' }, new AbortController().signal);
    if (device.received[0]?.payload === payload) return [ok('payload', `${payload.length} octets there and back`)];
    const met = result.kind === 'response' ? `HTTP ${result.status}` : result.failure;
    return [failed('payload', `${payload.length} octets did not arrive as they were sent (${met})`, REPORT)];
  } finally {
    await transport.close();
    await emulator.close();
  }
}

/** The emulator; or, as a sentence, what of it is not here. */
async function loadEmulator() {
  try {
    return await import('../../emulator/emulator.ts');
  } catch (error) {
    const lack = whatEmulatorLacks(error);
    if (lack === null) throw error;
    return lack;
  }
}
