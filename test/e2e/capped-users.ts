import { randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import type { SignedClient } from '../../scripts/signed-client.ts';
import type { Device } from '../../src/emulator/device.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import { until } from '../support/until.ts';

const LIMIT = 3;
const TYPE = 'news.capped';

/** How each user's push service answers: the first pushes of some are refused for good, which gives the use of a cap back. */
const ANSWERS = [
  [{}],
  [{ delayMs: 30 }],
  [{ status: 413 }, {}],
  [{ status: 413, delayMs: 20 }, { status: 413 }, { status: 413 }, { delayMs: 20 }],
  Array.from({ length: 9 }, () => ({ status: 413 })).concat([{ status: 201 }]),
];

type World = {
  readonly emulator: Emulator;
  readonly call: SignedClient;
  /** Kills one process at once. Resolves when another has taken its place. */
  readonly killOne: () => Promise<void>;
  readonly rounds: number;
  readonly notificationsEach: number;
  readonly allFinalWithinMs: number;
};

/**
 * Many notifications at once to a few users under a cap, while processes are killed at random moments: between counting and
 * delivering, sending and recording, ending and giving back. In the end no user got more than the cap allows, and none is refused
 * while there were fewer.
 */
export async function capHolds({ emulator, call, ...world }: World): Promise<void> {
  expect(
    (await call('PUT', `/v1/types/${TYPE}`, { body: { cap: { limit: LIMIT, per_seconds: 86_400 } } })).status,
  ).toBe(200);
  const devices: Device[] = [];
  for (const [index, behaviour] of ANSWERS.entries()) {
    const device = emulator.createDevice({ name: `capped-${index}`, behaviour });
    devices.push(device);
    const body = { user_id: `c${index}`, ...device.subscription };
    expect((await call('POST', '/v1/subscriptions', { body })).status).toBe(201);
  }
  const users = devices.map((_, index) => `c${index}`);
  // Processes read what was said of types once a second.
  await wait(1500);

  let count = 0;
  const send = async (userIds: readonly string[]): Promise<string> => {
    count += 1;
    const headers = { 'Idempotency-Key': `capped-${count}` };
    const answer = await call('POST', '/v1/notifications', {
      body: { type: TYPE, title: `number ${count}`, user_ids: userIds, ttl_seconds: 86_400 },
      headers,
    });
    expect(answer.status).toBe(202);
    return String(answer.body.id);
  };
  const completed = (id: string) =>
    until(
      `${id} is completed`,
      async () => (await call('GET', `/v1/notifications/${id}`)).body.status === 'completed',
      world.allFinalWithinMs,
    );
  const ids: string[] = [];
  for (let round = 0; round < world.rounds; round += 1) {
    const sends = Promise.all(Array.from({ length: world.notificationsEach }, () => send(users)));
    await wait(randomInt(2, 250));
    await world.killOne();
    ids.push(...(await sends));
  }
  for (const id of ids) await completed(id);

  const shownTo = (device: Device): ReadonlySet<string> =>
    new Set(
      device.received.map(
        ({ payload }) => (JSON.parse(payload ?? '{}') as { notification_id: string }).notification_id,
      ),
    );
  const deliveredTo = async (user: string): Promise<number> => {
    const { body } = await call('GET', `/v1/users/${user}/deliveries?state=delivered&limit=200`);
    return (body.items as unknown[]).length;
  };
  const seen: number[] = [];
  for (const [index, user] of users.entries()) {
    seen.push(await deliveredTo(user));
    for (;;) {
      const id = await send([user]);
      await completed(id);
      const { body } = await call('GET', `/v1/notifications/${id}`);
      const { capped } = body.suppressed as { capped: number };
      if (capped === 1) break;
    }
    expect([user, await deliveredTo(user)]).toEqual([user, LIMIT]);
    expect([user, shownTo(devices[index]!).size]).toEqual([user, LIMIT]);
  }
  process.stdout.write(
    `   ${world.rounds} kills, ${count} notifications; delivered by then: ${seen.join(', ')} of ${LIMIT}\n`,
  );
}
