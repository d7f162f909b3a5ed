import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { signedClient } from '../../scripts/signed-client.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy.ts';
import { denoOrReason } from '../support/deno.ts';

const SECRET = 'pr0xy-pa55word';

let folder: string;
let emulator: Emulator;
let proxy: ConnectProxy;
let service: ServiceProcess | null = null;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-proxy-'));
  emulator = await startEmulator();
  proxy = await startConnectProxy({ tls: true, authorization: `Basic ${btoa(`ada:${SECRET}`)}` });
  writeFileSync(join(folder, 'ca.pem'), `${emulator.caPem}\n${proxy.caPem}`);
});
afterEach(async () => {
  await service?.stop('SIGKILL');
  service = null;
  await Promise.all([emulator.close(), proxy.close()]);
  rmSync(folder, { recursive: true, force: true });
});

async function start(environment: Record<string, string>, deno: string | null) {
  const pushes = { PUSH_ALLOWED_HOSTS: emulator.allowedHost, PUSH_CA_FILE: join(folder, 'ca.pem') };
  const started = await startServiceProcess({ folder, deno, environment: { ...pushes, ...environment } });
  service = started;
  const call = signedClient(started.address, started.secret);
  const device = emulator.createDevice();
  await call('POST', '/v1/subscriptions', { body: { user_id: 'ada', ...device.subscription } });
  const sent = await call('POST', '/v1/notifications', { body: { type: 'test', title: 'Hello', user_ids: ['ada'] } });
  const attempts = async () => {
    const { body } = await call('GET', `/v1/notifications/${sent.body.id}/attempts`);
    return JSON.stringify(body);
  };
  return { started, device, attempts };
}

async function sendsThrough(deno: string | null): Promise<void> {
  writeFileSync(join(folder, 'proxy-url'), proxy.url.replace('://', `://ada:${SECRET}@`), { mode: 0o600 });
  const environment = {
    PUSH_PROXY_URL_FILE: join(folder, 'proxy-url'),
    HTTPS_PROXY: 'http://127.0.0.1:9',
    NO_PROXY: '.local',
  };
  const { started, device } = await start(environment, deno);
  await device.nextRequest();
  expect(proxy.asked).toMatchObject([{ target: emulator.allowedHost }]);
  const told = started.log.filter(({ msg }) => String(msg).includes('proxy'));
  expect(told.map(({ msg }) => msg)).toEqual([
    `pushes go through the proxy ${proxy.name} (PUSH_PROXY_URL); not for: .local`,
  ]);
  expect(JSON.stringify(started.log)).not.toMatch(new RegExp(`${SECRET}|${btoa(`ada:${SECRET}`)}`));
}

it('a process sends through the proxy that its settings name, and says so once, without the password', () =>
  sendsThrough(null));

const deno = denoOrReason();
if (typeof deno === 'string') it('so does one on Deno', () => sendsThrough(deno), 60_000);
else it.skip(`so does one on Deno: ${deno.reason}`);

it('a proxy that refuses is told by the attempts, without a password or an endpoint', async () => {
  const { started, device, attempts } = await start(
    { HTTPS_PROXY: proxy.url.replace('://', `://ada:wr0ng-${SECRET}@`), RETRY_BASE_MS: '1', RETRY_MAX_MS: '1' },
    null,
  );
  let told = '';
  while (!told.includes('407')) told = await attempts();
  expect(told).toContain(`the proxy ${proxy.name} asks for user and password (HTTP 407)`);
  const path = new URL(device.subscription.endpoint).pathname;
  for (const secret of [SECRET, path.slice(1)]) expect(told + JSON.stringify(started.log)).not.toContain(secret);
});
