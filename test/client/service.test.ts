import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trusting } from '../../scripts/demo/main-job.ts';
import { freePort } from '../../scripts/servers/free-port.ts';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { type Client, createClient, type Delivery, eachItem } from '../../src/client/client.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { until } from '../support/until.ts';

const SHOP = 'a-secret-of-the-shop-0123456789abc';

describe('the client against the service', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-client-'));
  let emulator: Emulator;
  let service: ServiceProcess;
  let port: number;
  let client: Client;

  const start = async (): Promise<void> => {
    const environment = { ...trusting(emulator, folder), PORT: String(port), API_KEYS: `shop:${SHOP}` };
    service = await startServiceProcess({ folder, environment });
  };
  beforeAll(async () => {
    emulator = await startEmulator();
    port = await freePort();
    await start();
    client = createClient({ url: service.address, secret: SHOP, keyId: 'shop', retryBaseMs: 100, maxRetries: 8 });
  });
  afterAll(async () => {
    await service.stop('SIGTERM');
    await emulator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const subscribe = async (userId: string, behaviour = [{}]) => {
    const device = emulator.createDevice({ behaviour, applicationServerKey: await client.publicKey() });
    const subscription = await client.subscriptions.register({ user_id: userId, ...device.subscription });
    return { device, subscription };
  };
  const note = (userId: string, title = 'Grüße 😀') => ({ type: 'order.shipped', title, user_ids: [userId] });
  const ended = async (id: string) => {
    await until(
      'the notification is completed',
      async () => (await client.notifications.get(id)).status === 'completed',
    );
    return client.notifications.get(id);
  };

  it('takes subscriptions over from elsewhere', async () => {
    const device = emulator.createDevice({ applicationServerKey: await client.publicKey() });
    const line = { user_id: 'taken-over', ...device.subscription, vapid_public_key: await client.publicKey() };
    expect(await client.subscriptions.import([line], { dryRun: true })).toMatchObject([{ result: 'added' }]);
    const [added, refused] = await client.subscriptions.import([line, { ...line, endpoint: 'token' }]);
    expect(added).toMatchObject({ index: 0, result: 'added', code: null });
    expect(refused).toMatchObject({ index: 1, result: 'refused', code: 'invalid_endpoint' });
    await client.send(note('taken-over'));
    expect((await device.nextPush()).vapid?.publicKey).toBe(await client.publicKey());
  });

  it('says what holds for people and types, and reads who got nothing', async () => {
    await client.users.patch('grace@example.com', { preferences: { 'digest.*': false }, time_zone: 'europe/berlin' });
    await client.users.changeTags('grace@example.com', { add: ['plan:pro'] });
    await client.tags.changeUsers('plan:pro', { add: ['eve'] });
    expect(await client.users.get('grace@example.com')).toMatchObject({
      time_zone: 'Europe/Berlin',
      tags: ['plan:pro'],
    });
    expect((await client.users.list({ tag: 'plan:pro' })).items.map((one) => one.user_id)).toEqual([
      'eve',
      'grace@example.com',
    ]);
    expect((await client.tags.list()).items).toEqual([{ tag: 'plan:pro', user_count: 2 }]);
    const rule = await client.types.put('digest.*', { cap: { limit: 3, per_seconds: 60 } });
    expect([await client.types.list(), await client.types.get('digest.*')]).toEqual([[rule], rule]);
    const segment = await client.segments.put('insiders', 'plan:pro');
    expect(await client.segments.list()).toEqual([segment]);
    expect(await client.audiences.count({ tags: '#insiders' })).toMatchObject({ users: 2, subscriptions: 0 });
    await subscribe('grace@example.com');
    const { id } = await client.send({ type: 'digest.daily', title: 'News', audience: { tags: '#insiders' } });
    expect((await ended(id)).suppressed).toMatchObject({ opted_out: 1, no_subscription: 1 });
    const { items } = await client.notifications.suppressions(id, { reason: 'opted_out' });
    expect(items).toMatchObject([{ user_id: 'grace@example.com', detail: { pattern: 'digest.*' } }]);
    expect((await client.users.suppressions('grace@example.com')).items).toEqual(items);
    const told = await client.users.explain('grace@example.com', { notification_id: id });
    expect(told).toMatchObject({ outcome: 'suppress', reason: 'opted_out', became: { suppressed: true } });
    expect(await client.users.explain('grace@example.com', { type: 'digest' })).toMatchObject({ outcome: 'send' });
    const at = new Date(Date.now() + 60_000);
    const then = await client.users.explain('grace@example.com', { type: 'digest', at });
    expect(then).toMatchObject({ outcome: 'send', at: at.toISOString() });
    await client.segments.delete('insiders');
    await client.types.delete('digest.*');
    expect([await client.segments.list(), await client.types.list()]).toEqual([[], []]);
  });

  it('takes names with any character, and says which cannot stand in a path', async () => {
    const awkward = 'org/42 ü%2F\\..';
    expect(await client.users.patch(awkward, { locale: 'de' })).toMatchObject({ user_id: awkward, locale: 'de' });
    expect(await client.users.changeTags(awkward, { add: ['plan/pro'] })).toMatchObject({ tags: ['plan/pro'] });
    await client.tags.changeUsers('plan/pro', { add: ['eve'] });
    expect((await client.tags.list()).items).toContainEqual({ tag: 'plan/pro', user_count: 2 });
    expect(await client.users.get(awkward)).toMatchObject({ user_id: awkward });
    expect(await client.users.explain(awkward, { type: 'order/shipped' })).toMatchObject({ reason: 'no_subscription' });
    expect((await client.users.suppressions(awkward)).items).toEqual([]);
    const rule = await client.types.put('order/shipped', { on_quiet: 'drop' });
    expect(await client.types.get('order/shipped')).toEqual(rule);
    await client.types.delete('order/shipped');
    for (const name of ['', '.', '..']) {
      for (const call of [
        client.users.get(name),
        client.tags.changeUsers(name, {}),
        client.types.put(name, {}),
        client.segments.delete(name),
      ]) {
        await expect(call).rejects.toThrow(new RangeError(`“${name}” cannot stand in a path`));
      }
    }
  });

  it('subscribes, sends, and reads what became of it', async () => {
    const { device, subscription } = await subscribe('ada');
    const { id } = await client.send({ ...note('ada'), data: { order: 42 }, ttl_seconds: 600 });
    expect((await ended(id)).counts).toMatchObject({ delivered: 1, total: 1 });
    expect(JSON.parse(device.received[0]?.payload ?? '')).toMatchObject({ title: 'Grüße 😀', data: { order: 42 } });
    const [delivery] = (await client.notifications.deliveries(id, { state: 'delivered', user_id: 'ada' })).items;
    expect(delivery).toMatchObject({ subscription_id: subscription.id, state: 'delivered' });
    expect(await client.deliveries.get(delivery!.id)).toEqual({ ...delivery, receipts: [] });
    const told = (await client.deliveries.ofUser('ada', { state: 'delivered', push_service: 'other' })).items;
    expect(told).toMatchObject([{ id: delivery!.id, title: 'Grüße 😀', last_attempt: { outcome: 'delivered' } }]);
    expect((await client.notifications.list({ user_id: 'ada' })).items.map((one) => one.id)).toEqual([id]);
    expect((await client.notifications.attempts(id, { outcome: 'gone' })).items).toEqual([]);
    expect((await client.notifications.attempts(id)).items).toMatchObject([{ http_status: 201, status: 'delivered' }]);
    expect((await client.subscriptions.list({ user_id: 'ada' })).items).toEqual([
      await client.subscriptions.get(subscription.id),
    ]);
    await client.subscriptions.delete(subscription.id);
    await expect(client.subscriptions.get(subscription.id)).rejects.toMatchObject({ code: 'subscription_not_found' });
    const { endpoint } = (await subscribe('org/42')).device.subscription;
    expect(await client.subscriptions.remove({ endpoint, user_id: 'ada' })).toEqual({ removed: 0 });
    expect(await client.subscriptions.remove({ endpoint })).toEqual({ removed: 1 });
    for (let count = 0; count < 2; count += 1) await subscribe('org/42');
    expect(await client.subscriptions.removeAllOf('org/42')).toEqual({ removed: 2 });
  });

  it('keeps, changes, previews and triggers schedules', async () => {
    const times = { cron: '0 9 * * 1-5', time_zone: 'Europe/Berlin' };
    await client.schedules.put('morning', { ...times, notification: note('ada') });
    expect(await client.schedules.patch('morning', { is_paused: true })).toMatchObject({ is_paused: true });
    expect(await client.schedules.preview('morning', { count: 2 })).toEqual(
      await client.schedules.preview(times, { count: 2 }),
    );
    const { id } = await client.schedules.trigger('morning');
    expect((await client.schedules.occurrences('morning')).items).toMatchObject([
      { notification_id: id, trigger: 'hand' },
    ]);
    expect((await client.schedules.list()).items).toEqual([await client.schedules.get('morning')]);
    await client.schedules.delete('morning');
    await expect(client.schedules.get('morning')).rejects.toMatchObject({ code: 'schedule_not_found' });
  });

  it('finds a dead letter and replays it', async () => {
    const { device } = await subscribe('ben', [{ status: 400 }, { status: 201 }]);
    const { id } = await client.send(note('ben'));
    await ended(id);
    const dead: Delivery[] = [];
    for await (const delivery of eachItem((cursor) => client.deadLetters.list({ cursor, limit: 1, user_id: 'ben' })))
      dead.push(delivery);
    expect(dead.map((delivery) => delivery.notification_id)).toEqual([id]);
    await client.deliveries.replay(dead[0]!.id);
    await until('it is delivered', async () => (await client.deliveries.get(dead[0]!.id)).state === 'delivered');
    expect(device.received).toHaveLength(1);
  });

  it('makes tokens that the service takes from a page', async () => {
    const { subscription } = await subscribe('clara ü');
    const { token, user_id, expires_at } = await client.subscriberToken('clara ü', { ttlSeconds: 60 });
    expect(user_id).toBe('clara ü');
    expect(Math.abs(Date.parse(expires_at) - Date.now() - 60_000)).toBeLessThan(5000);
    const answer = await fetch(`${service.address}/v1/subscriptions`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    expect(await answer.json()).toMatchObject({ items: [{ id: subscription.id }] });
    await expect(client.subscriberToken('', {})).rejects.toThrow(RangeError);
    await expect(client.subscriberToken('a\ud83d', {})).rejects.toThrow(RangeError);
    await expect(client.subscriberToken('clara', { ttlSeconds: 90_000 })).rejects.toThrow(RangeError);
  });

  it('says what the service says', async () => {
    const stranger = createClient({ url: service.address, secret: 'not the secret', keyId: 'shop' });
    await expect(stranger.send(note('ada'))).rejects.toMatchObject({ code: 'bad_signature', status: 401 });
    await expect(client.send({ ...note('ada'), title: '' })).rejects.toThrow(/title: must have at least 1 character/);
    await expect(client.deliveries.replay('dlv_nothing')).rejects.toMatchObject({ code: 'delivery_not_found' });
  });

  it('sends once, whatever happens to the service meanwhile', async () => {
    const { device } = await subscribe('dora');
    const titles = Array.from({ length: 60 }, (_, index) => `dora ${index}`);
    let isKilled = false;
    const restart = async (): Promise<void> => {
      await service.stop('SIGKILL');
      isKilled = true;
      await start();
    };
    let restarting: Promise<void> | null = null;
    const sent = titles.map(async (title, index) => {
      // Some before, some while it dies, some while nobody listens.
      await until('its turn', () => index < 20 || restarting !== null);
      if (index >= 40) await until('the service is dead', () => isKilled);
      return client.send(note('dora', title));
    });
    await Promise.any(sent);
    restarting = restart();
    await restarting;
    const ids = (await Promise.all(sent)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(titles.length);
    for (const id of ids) await ended(id);
    const found: string[] = [];
    for await (const { title } of eachItem((cursor) => client.notifications.list({ cursor, limit: 200 }))) {
      if (title.startsWith('dora')) found.push(title);
    }
    expect(found.sort()).toEqual(titles.toSorted());
    // A push under way when the process died is sent again, and said to have been interrupted: never silently.
    expect(new Set(device.received.map(({ payload }) => JSON.parse(payload ?? '{}').notification_id)).size).toBe(60);
  }, 60_000);

  it('sends once where the connection breaks after the service took it', async () => {
    let cuts = 0;
    const between = createServer((request, response) => {
      const target = { port, method: request.method, path: request.url, headers: request.headers };
      const onwards = httpRequest(target, (answer) => {
        // The whole answer has come; the first two never reach the client.
        if (cuts < 2) {
          answer.resume().on('end', () => {
            cuts += 1;
            response.destroy();
          });
          return;
        }
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onwards);
    });
    between.listen(0, '127.0.0.1');
    await once(between, 'listening');
    const url = `http://127.0.0.1:${(between.address() as AddressInfo).port}`;
    const { device } = await subscribe('emil');
    const { id } = await createClient({ url, secret: SHOP, keyId: 'shop', retryBaseMs: 1 }).send(note('emil', 'once'));
    expect(cuts).toBe(2);
    await ended(id);
    const all = await client.notifications.list({ limit: 200 });
    expect(all.items.filter(({ title }) => title === 'once').map((one) => one.id)).toEqual([id]);
    expect(device.received).toHaveLength(1);
    between.closeAllConnections();
    between.close();
  });
});
