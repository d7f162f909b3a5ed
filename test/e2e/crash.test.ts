import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { type SignedClient, signedClient } from '../../scripts/signed-client.ts';
import type { Device } from '../../src/emulator/device.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { eventsAgree } from '../support/events-agree.ts';

const ROUNDS = 20;
const USERS = 8;
const NOTIFICATIONS_PER_ROUND = 12;
const CONCURRENCY = 20;

type AttemptRow = { delivery_id: string; outcome: string; http_status: number | null };

/**
 * A real process, killed with SIGKILL at a random moment while it accepts, fans out and sends, then started again on
 * the same folder. In the end every accepted notification must have reached every subscription.
 */
describe('kill -9 at random moments', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-crash-'));
  const devices: Device[] = [];
  const accepted: string[] = [];
  let emulator: Emulator;
  let service: ServiceProcess;
  let call: SignedClient;

  const start = async (): Promise<void> => {
    service = await startServiceProcess({
      folder,
      environment: {
        PUSH_ALLOWED_HOSTS: emulator.allowedHost,
        PUSH_CA_FILE: join(folder, 'ca.pem'),
        VAPID_SUBJECT: 'mailto:test@example.com',
        WORKER_CONCURRENCY: String(CONCURRENCY),
        RETRY_BASE_MS: '50',
        RETRY_MAX_MS: '1000',
      },
    });
    call = signedClient(service.address, service.secret);
  };

  beforeAll(async () => {
    emulator = await startEmulator();
    writeFileSync(join(folder, 'ca.pem'), emulator.caPem ?? '');
    await start();
    for (let user = 0; user < USERS; user += 1) {
      // Answers that take a moment, so that a kill often falls between a send and its record.
      const device = emulator.createDevice({ name: `device-${user}`, behaviour: [{ delayMs: user * 5 }] });
      devices.push(device);
      const answer = await call('POST', '/v1/subscriptions', { body: { user_id: `u${user}`, ...device.subscription } });
      expect(answer.status).toBe(201);
    }
  }, 60_000);

  afterAll(async () => {
    await service.stop('SIGTERM');
    await emulator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Sends until the process is gone; what got its 202 was accepted. */
  const sendUntilKilled = async (round: number): Promise<void> => {
    const sends = Array.from({ length: NOTIFICATIONS_PER_ROUND }, async (_, index) => {
      const body = {
        type: 'crash',
        title: `round ${round}, ${index}`,
        user_ids: devices.map((_one, user) => `u${user}`),
      };
      const answer = await call('POST', '/v1/notifications', { body });
      expect(answer.status).toBe(202);
      accepted.push(String(answer.body.id));
    });
    await Promise.allSettled(sends);
  };

  it(`loses nothing accepted over ${ROUNDS} rounds, and shows every interruption`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const killAfterMs = randomInt(5, 400);
      const sending = sendUntilKilled(round);
      await delay(killAfterMs);
      expect(await service.stop('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
      await sending;
      await start();
    }
    const attempts = await attemptsOf(accepted, call);
    await eventsAgree(accepted, [], call);

    const shown = new Map<string, number>();
    for (const push of emulator.pushes) {
      if (push.status === null) continue;
      const { notification_id } = JSON.parse(push.payload ?? '{}') as { notification_id: string };
      // One whose 202 never reached us may have been accepted or not: no promise was made.
      if (!accepted.includes(notification_id)) continue;
      const key = `${notification_id} ${push.device}`;
      shown.set(key, (shown.get(key) ?? 0) + 1);
    }
    const missing = accepted.flatMap((id) =>
      devices.filter(({ name }) => !shown.has(`${id} ${name}`)).map(({ name }) => `${id} ${name}`),
    );
    expect(missing).toEqual([]);

    const duplicates = [...shown.values()].reduce((sum, count) => sum + count - 1, 0);
    const interrupted = attempts.filter(({ outcome }) => outcome === 'interrupted').length;
    console.info(
      `${ROUNDS} kills: ${accepted.length} notifications accepted, ${accepted.length * USERS} deliveries, ` +
        `${interrupted} interrupted attempts on record, ${duplicates} sent twice`,
    );
    expect(accepted.length).toBeGreaterThan(ROUNDS);
    // Sent twice only where an attempt was cut short, and that is on record; a kill cuts at most those in flight.
    expect(duplicates).toBeLessThanOrEqual(interrupted);
    expect(interrupted).toBeLessThanOrEqual(ROUNDS * CONCURRENCY);
  }, 180_000);
});

/** Every attempt of these notifications, once all are completed with every delivery delivered. */
async function attemptsOf(ids: readonly string[], call: SignedClient): Promise<AttemptRow[]> {
  const attempts: AttemptRow[] = [];
  for (const id of ids) {
    const notification = await whenCompleted(id, call);
    const { body } = await call('GET', `/v1/notifications/${id}/attempts?limit=200`);
    const rows = body.items as AttemptRow[];
    expect(notification, JSON.stringify(rows)).toMatchObject({
      status: 'completed',
      counts: { delivered: USERS, total: USERS },
    });
    attempts.push(...rows);
  }
  return attempts;
}

async function whenCompleted(id: string, call: SignedClient): Promise<Record<string, unknown>> {
  const giveUpAtMs = Date.now() + 30_000;
  for (;;) {
    const { status, body } = await call('GET', `/v1/notifications/${id}`);
    if (status !== 200 || body.status === 'completed' || Date.now() > giveUpAtMs) return body;
    await delay(50);
  }
}
