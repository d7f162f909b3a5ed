import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { trusting } from '../../scripts/demo/main-job.ts';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { type SignedClient, signedClient } from '../../scripts/signed-client.ts';
import { systemClock } from '../../src/clock.ts';
import type { Delivery } from '../../src/domain/delivery/delivery.ts';
import { ANY_DELIVERY } from '../../src/domain/delivery/delivery-filter.ts';
import type { Device } from '../../src/emulator/device.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { everyPage } from '../contract/fresh-store.ts';
import { atFullSize } from '../support/full-size.ts';
import { until } from '../support/until.ts';

/** More than a page of an action, and more than are settled at once. */
const USERS = atFullSize(2000, 500);
const NOTIFICATIONS = atFullSize(50, 4);
const DEAD_LETTERS = USERS * NOTIFICATIONS;
const PATIENCE_MS = atFullSize(3_600_000, 30_000);

let folder: string;
let emulator: Emulator;
let service: ServiceProcess;
let call: SignedClient;

const start = async () => {
  service = await startServiceProcess({ folder, environment: trusting(emulator, folder) });
  call = signedClient(service.address, service.secret);
};
/** Looks at the file while no process has it. */
const looking = async <Seen>(look: (store: Awaited<ReturnType<typeof openSqliteStore>>) => Promise<Seen>) => {
  const store = await openSqliteStore({ path: join(folder, 'data', 'bellhop.db'), clock: systemClock });
  try {
    return await look(store);
  } finally {
    await store.close();
  }
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-bulk-crash-'));
  emulator = await startEmulator();
  await start();
});
afterAll(async () => {
  await service.stop('SIGKILL');
  await emulator.close();
  rmSync(folder, { recursive: true, force: true });
});

/** One notification after another, each of them refused by every device. */
async function failAll(): Promise<{
  readonly devices: readonly Device[];
  readonly notificationIds: readonly string[];
}> {
  const userIds = Array.from({ length: USERS }, (_, at) => `user-${at}`);
  const behaviour = [...Array.from({ length: NOTIFICATIONS }, () => ({ status: 400 })), {}];
  const devices = userIds.map(() => emulator.createDevice({ behaviour }));
  const register = (userId: string, at: number) =>
    call('POST', '/v1/subscriptions', { body: { user_id: userId, ...devices[at]?.subscription } });
  for (let at = 0; at < userIds.length; at += 50) {
    await Promise.all(userIds.slice(at, at + 50).map((userId, index) => register(userId, at + index)));
  }
  const notificationIds: string[] = [];
  for (let sent = 0; sent < NOTIFICATIONS; sent += 1) {
    const body = { type: 't', title: 'x', user_ids: userIds };
    const id = (await call('POST', '/v1/notifications', { body })).body.id as string;
    const failed = async () =>
      ((await call('GET', `/v1/notifications/${id}`)).body.counts as { failed: number }).failed;
    await until('all have failed', async () => (await failed()) === USERS, PATIENCE_MS);
    notificationIds.push(id);
  }
  return { devices, notificationIds };
}

async function deliveriesOf(store: Store, notificationIds: readonly string[]): Promise<readonly Delivery[]> {
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

it(
  'kill -9 in the middle of a bulk replay: started again, it replays each dead letter once',
  async () => {
    const { devices, notificationIds } = await failAll();
    const replay = { action: 'replay', filter: { type: 't' } };
    const { id } = (await call('POST', '/v1/bulk-actions', { body: replay })).body;
    const sentAgain = () => devices.reduce((sum, { received }) => sum + received.length, 0);
    await until('some are sent again', () => sentAgain() >= 1, PATIENCE_MS);
    // By its own progress: sending may be far behind.
    const replayed = async () => (await call('GET', `/v1/bulk-actions/${id}`)).body.replayed_count as number;
    await until('a part is replayed', async () => (await replayed()) >= atFullSize(DEAD_LETTERS / 3, 0), PATIENCE_MS);
    await service.stop('SIGKILL');
    await looking(async (store) => {
      expect((await store.bulkActions.underWay())?.id).toBe(id);
      const { total } = (await store.bulkActions.underWay()) ?? {};
      expect(total).toEqual({ count: DEAD_LETTERS, isAtLeast: false });
      const failed = (await store.tallies.read()).tallies['ended failed'];
      expect([failed > 0, failed < DEAD_LETTERS]).toEqual([true, true]);
    });

    await start();
    const state = async () => (await call('GET', `/v1/bulk-actions/${id}`)).body;
    await until('it is done', async () => (await state()).state === 'completed', PATIENCE_MS);
    expect(await state()).toMatchObject({ replayed_count: DEAD_LETTERS });
    for (const notificationId of notificationIds) {
      const status = async () => (await call('GET', `/v1/notifications/${notificationId}`)).body.status;
      await until('all are delivered', async () => (await status()) === 'completed', PATIENCE_MS);
    }
    await service.stop('SIGTERM');

    const items = await looking((store) => deliveriesOf(store, notificationIds));
    const came = items.map(({ state, replays, attempts }) => {
      const answered = attempts.filter(({ outcome }) => outcome !== 'interrupted').map(({ outcome }) => outcome);
      return `${state}, replayed ${replays.length} times, ${answered.join()}`;
    });
    expect([items.length, [...new Set(came)]]).toEqual([
      DEAD_LETTERS,
      ['delivered, replayed 1 times, rejected,delivered'],
    ]);
    expect(devices.every(({ received }) => received.length >= NOTIFICATIONS)).toBe(true);
  },
  PATIENCE_MS * 4,
);
