import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { createClient } from '../../src/client/client.ts';
import { browser } from '../support/api.ts';
import { describeWithSmallDisk, mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { until } from '../support/until.ts';

describeWithSmallDisk('the service on a full disk', () => {
  let disk: SmallDisk;
  let service: ServiceProcess;
  const start = async (): Promise<void> => {
    service = await startServiceProcess({
      folder: disk.folder,
      environment: { PUSH_ALLOWED_HOSTS: 'push.example.net', REGISTRATIONS_PER_MINUTE: '6000', ROLES: 'api,worker' },
    });
  };
  beforeEach(async () => {
    disk = mountSmallDisk(64);
    await start();
  });
  afterEach(async () => {
    await service.stop('SIGKILL');
    disk.dispose();
  });

  const readiness = async (): Promise<number> => (await fetch(`${service.address}/readyz`)).status;
  /** What was found out a moment ago is told for a second. */
  const isNotReady = () => until('it is not ready', async () => (await readiness()) === 503);
  const call = async (method: string, path: string, body?: unknown, token = service.secret) => {
    const answer = await fetch(service.address + path, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) };
  };
  const register = (userId: string) => call('POST', '/v1/subscriptions', { user_id: userId, ...browser() });
  const send = () => call('POST', '/v1/notifications', { type: 't', title: 'x', user_ids: ['nobody'] });
  const fillUp = async (): Promise<void> => {
    disk.fill();
    await until('it refuses', async () => {
      const { status } = await send();
      disk.fill();
      return status === 503;
    });
  };

  it('refuses what it cannot keep, says so to probes, and lets people delete', async () => {
    const ids = await Promise.all(Array.from({ length: 60 }, async () => (await register('ada')).body.id as string));
    const token = (await call('POST', '/v1/subscriber-tokens', { user_id: 'ada' })).body.token as string;
    expect(await readiness()).toBe(200);
    await fillUp();
    await isNotReady();
    const { status, checks, problems } = (await (await fetch(`${service.address}/readyz`)).json()) as Record<
      string,
      object
    >;
    expect([status, checks]).toEqual(['not_ready', { store: 'failing', queue: 'ok' }]);
    expect(problems).toEqual({ store: expect.stringMatching(/is full: free some space/), queue: null, sending: null });
    expect((await fetch(`${service.address}/healthz`)).status).toBe(200);
    const refused = await send();
    expect([refused.status, refused.body.code, refused.headers.get('retry-after')]).toEqual([
      503,
      'store_unavailable',
      '5',
    ]);
    expect(refused.body.detail).toContain('is full: free some space');
    expect((await register('ada')).status).toBe(503);

    // With the secret, with a token of the user, and signed with a nonce, as `bellhop/client` calls.
    for (const id of ids.slice(0, 20)) expect((await call('DELETE', `/v1/subscriptions/${id}`)).status).toBe(204);
    for (const id of ids.slice(20, 40)) {
      expect((await call('DELETE', `/v1/subscriptions/${id}`, undefined, token)).status).toBe(204);
    }
    const client = createClient({ url: service.address, secret: service.secret });
    const { items } = await client.subscriptions.list({ user_id: 'ada', limit: 100 });
    expect(items.map(({ id }) => id).sort()).toEqual(ids.slice(40).sort());
    for (const { id } of items) await client.subscriptions.delete(id);
    expect((await call('GET', '/v1/subscriptions?user_id=ada')).body.items).toEqual([]);
    expect(await readiness()).toBe(503);

    disk.clear();
    await until('it is ready again', async () => (await readiness()) === 200);
    expect((await send()).status).toBe(202);
    expect((await register('ada')).status).toBe(201);
  });

  it('starts on a full disk, deletes there, and is ready once there is room', async () => {
    const { id } = (await register('ada')).body;
    await fillUp();
    await service.stop('SIGKILL');
    disk.fill();
    await start();
    expect(await readiness()).toBe(503);
    expect((await call('DELETE', `/v1/subscriptions/${id}`)).status).toBe(204);
    expect((await send()).status).toBe(503);
    disk.clear();
    await until('it is ready again', async () => (await readiness()) === 200);
    expect(await service.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  });

  it('does not start where nothing can be kept yet, and leaves nothing half made', async () => {
    await service.stop('SIGTERM');
    disk.dispose();
    disk = mountSmallDisk(1);
    disk.fill();
    await expect(start()).rejects.toThrow(/free some space on its disk/);
    disk.clear();
    disk.fill(100_000);
    await expect(start()).rejects.toThrow(/is full: free some space/);
    disk.dispose();
    disk = mountSmallDisk(64);
    await start();
    expect(await readiness()).toBe(200);
  });
});
