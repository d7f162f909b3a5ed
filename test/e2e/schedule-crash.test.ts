import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startMongod } from '../../scripts/servers/mongod.ts';
import { startRedisServer } from '../../scripts/servers/redis-server.ts';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { type SignedClient, signedClient } from '../../scripts/signed-client.ts';
import { freshDatabase, itWithMongod } from '../support/mongodb.ts';
import { until } from '../support/until.ts';

/** So many come at once, in the next minute: enough for a death in the middle of them. */
const SCHEDULES = 300;
/** The kill comes when the log has told of so many. */
const KILLED_AFTER = 20;
const MINUTE_MS = 60_000;
const KEYS = Array.from({ length: SCHEDULES }, (_, index) => `minute-${index}`);

type Item = { readonly at: string; readonly status: string; readonly notification_id: string | null };

const sentBy = ({ log }: ServiceProcess): number => log.filter(({ event }) => event === 'schedule.sent').length;

/** Schedules that all come in one minute, none before and none after it. Gives that minute. */
async function putAll(call: SignedClient): Promise<string> {
  // Not in a minute that ends while they are being put.
  const minuteMs = Math.ceil((Date.now() + 20_000) / MINUTE_MS) * MINUTE_MS;
  const body = {
    cron: '* * * * *',
    time_zone: 'Europe/Berlin',
    starts_at: new Date(minuteMs).toISOString(),
    ends_at: new Date(minuteMs + 1).toISOString(),
    notification: { type: 't', title: 'now', user_ids: ['ada'] },
    catch_up_seconds: 600,
  };
  for (const key of KEYS) expect((await call('PUT', `/v1/schedules/${key}`, { body })).status).toBe(200);
  expect(Date.now()).toBeLessThan(minuteMs);
  return new Date(minuteMs).toISOString();
}

/** The process that makes the notifications, once it is in the middle of it. */
async function whoMakesThem(services: readonly ServiceProcess[]): Promise<ServiceProcess> {
  let found: ServiceProcess | undefined;
  await until(
    'some are made',
    () => {
      found = services.find((service) => sentBy(service) >= KILLED_AFTER);
      return found !== undefined;
    },
    2 * MINUTE_MS,
  );
  return found!;
}

/** Every schedule was sent once in that minute, and there is no notification beside these. */
async function expectEachOnce(call: SignedClient, minute: string): Promise<void> {
  const itemsOf = async (key: string) =>
    (await call('GET', `/v1/schedules/${key}/occurrences`)).body.items as readonly Item[];
  await until(
    'all are made',
    async () => {
      const { body } = await call('GET', '/v1/schedules?limit=200');
      const rest = await call('GET', `/v1/schedules?limit=200&cursor=${body.next_cursor}`);
      return [...(body.items as object[]), ...(rest.body.items as object[])].every(
        (schedule) => (schedule as { next_at: string | null }).next_at === null,
      );
    },
    2 * MINUTE_MS,
  );
  const made: string[] = [];
  for (const key of KEYS) {
    const items = await itemsOf(key);
    expect(items).toMatchObject([{ at: minute, status: 'sent' }]);
    made.push(...items.map(({ notification_id: id }) => String(id)));
  }
  const kept: string[] = [];
  for (let cursor: unknown = ''; cursor !== null; ) {
    const { body } = await call('GET', `/v1/notifications?limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`);
    kept.push(...(body.items as { id: string }[]).map(({ id }) => id));
    cursor = body.next_cursor;
  }
  expect(kept.sort()).toEqual(made.sort());
}

// At the same time: all that comes in a minute, comes in the next one.
describe.concurrent('what is killed in the middle of the notifications of a minute', () => {
  it('has made each once, a process on SQLite that is started again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bellhop-schedule-crash-'));
    let service = await startServiceProcess({ folder });
    const minute = await putAll(signedClient(service.address, service.secret));
    await whoMakesThem([service]);
    await service.stop('SIGKILL');
    expect(sentBy(service)).toBeLessThan(SCHEDULES);
    service = await startServiceProcess({ folder });
    await expectEachOnce(signedClient(service.address, service.secret), minute);
    await service.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }, 300_000);

  itWithMongod(
    'has made each once, the one of three processes that makes them',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'bellhop-schedule-crash-'));
      const [mongo, redis] = await Promise.all([startMongod(), startRedisServer()]);
      const environment = { MONGODB_URL: freshDatabase(mongo.url), REDIS_URL: redis.url };
      const services = await Promise.all([1, 2, 3].map(() => startServiceProcess({ folder, environment })));
      const [first] = services;
      const minute = await putAll(signedClient(first!.address, first!.secret));
      const leader = await whoMakesThem(services);
      await leader.stop('SIGKILL');
      expect(sentBy(leader)).toBeLessThan(SCHEDULES);
      const other = services.find((service) => service !== leader)!;
      await expectEachOnce(signedClient(other.address, other.secret), minute);
      await Promise.all(services.map((service) => service.stop('SIGKILL')));
      await Promise.all([mongo.stop(), redis.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
    300_000,
  );
});
