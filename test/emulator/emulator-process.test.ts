import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startServiceProcess } from '../../scripts/service-process.ts';
import { signedClient } from '../../scripts/signed-client.ts';
import type { SubscriptionJson } from '../../src/emulator/device.ts';
import { until } from '../support/until.ts';
import { type EmulatorProcess, startEmulatorProcess } from './emulator-process.ts';
import { postTls } from './push-request.ts';

let folder: string;
const stops: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-emulator-'));
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(environment: Record<string, string> = {}): Promise<EmulatorProcess> {
  const emulator = await startEmulatorProcess(folder, environment);
  stops.push(() => emulator.stop('SIGKILL'));
  return emulator;
}

const post = async (url: string, body: unknown) => {
  return (await fetch(url, { method: 'POST', body: JSON.stringify(body) })).json() as Promise<Record<string, unknown>>;
};
const get = async (url: string) => (await fetch(url)).json() as Promise<Record<string, unknown>>;

const problemOf = (environment: Record<string, string>): Promise<string> =>
  start(environment).then(
    () => 'started',
    (error: Error) => error.message,
  );

describe('the emulator as a process', () => {
  test('says where everything is and how to go on', async () => {
    const { greeting, controlOrigin, bellhopSettings } = await start();
    for (const name of ['fcm', 'mozilla', 'apple', 'wns']) {
      expect(greeting).toMatch(new RegExp(`${name} +https://127\\.0\\.0\\.1:\\d+\\n`));
    }
    expect(greeting).toContain(`curl ${controlOrigin}/devices -d '{"profile": "fcm", "name": "phone"}'`);
    expect(bellhopSettings.PUSH_ALLOWED_HOSTS).toMatch(/^127\.0\.0\.1:\d+(,127\.0\.0\.1:\d+){3}$/);
    expect(bellhopSettings.PUSH_CA_FILE).toMatch(/\/emulator-data\/push-ca\.pem$/);
    expect(readFileSync(bellhopSettings.PUSH_CA_FILE ?? '', 'utf8')).toMatch(/^-----BEGIN CERTIFICATE-----/);
  });

  test('takes what Bellhop sends to all four services, with the settings it told', async () => {
    const { controlOrigin, bellhopSettings } = await start();
    const service = await startServiceProcess({ folder, environment: bellhopSettings });
    stops.push(() => service.stop('SIGKILL'));
    const call = signedClient(service.address, service.secret);
    for (const profile of ['fcm', 'mozilla', 'apple', 'wns']) {
      const device = { profile, name: `of-${profile}`, applicationServerKey: service.publicKey };
      const subscription = await post(`${controlOrigin}/devices`, device);
      const registered = await call('POST', '/v1/subscriptions', { body: { user_id: 'ada', ...subscription } });
      expect(registered.status).toBe(201);
    }
    const message = { type: 'greeting', title: 'Hello', user_ids: ['ada'], topic: 'x' };
    expect((await call('POST', '/v1/notifications', { body: message })).status).toBe(202);
    const counts = async () => Object.values(await get(`${controlOrigin}/counts`)) as { received: number }[];
    await until('four pushes', async () => (await counts()).every(({ received }) => received === 1), 15_000);
    const { pushes } = (await get(`${controlOrigin}/pushes`)) as { pushes: { status: number; payload: string }[] };
    for (const push of pushes) {
      expect(push.status).toBe(201);
      expect(JSON.parse(push.payload)).toMatchObject({ title: 'Hello' });
    }
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('ends cleanly at %s, whatever hangs', async (signal) => {
    const { controlOrigin, bellhopSettings, stop } = await start();
    const device = { profile: 'wns', behaviour: [{ fault: 'hang' }] };
    const subscription = (await post(`${controlOrigin}/devices`, device)) as unknown as SubscriptionJson;
    const ca = readFileSync(bellhopSettings.PUSH_CA_FILE ?? '', 'utf8');
    const hanging = postTls({ subscription }, ca).catch(() => 'broken');
    await until('the push', async () => {
      const { pushes } = (await get(`${controlOrigin}/pushes?status=none`)) as { pushes: unknown[] };
      return pushes.length === 1;
    });
    expect(await stop(signal)).toEqual({ ending: 0, errors: '' });
    expect(await hanging).toBe('broken');
    await expect(fetch(controlOrigin)).rejects.toThrow('fetch failed');
  });

  test('does not start with malformed settings, and has a sentence for each', async () => {
    const problem = await problemOf({ EMULATOR_FCM_PORT: 'x', EMULATOR_PROT: '1' });
    expect(problem).toMatch(/^1: The push service emulator does not start:\n/);
    expect(problem).toContain('EMULATOR_FCM_PORT is “x”: write a whole number');
    expect(problem).toContain('EMULATOR_PROT is not a setting');
    expect(problem).not.toMatch(/at .*:\d+:\d+/);
  });

  test.each(['EMULATOR_CONTROL_PORT', 'EMULATOR_APPLE_PORT'])('does not start when %s is taken', async (name) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    expect(await problemOf({ [name]: String(port) })).toContain(
      `${name} is ${port}, which cannot be listened on (EADDRINUSE): free the port, or name another.`,
    );
    taken.close();
  });

  test('does not start when the CA file cannot be written', async () => {
    writeFileSync(join(folder, 'file'), '');
    expect(await problemOf({ EMULATOR_CA_FILE: './file/ca.pem' })).toMatch(
      /EMULATOR_CA_FILE is “\.\/file\/ca\.pem”, which cannot be written \(\w+\): name another\./,
    );
  });
});
