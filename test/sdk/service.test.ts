import { afterEach, expect, it } from 'vitest';
import { createService } from '../../src/sdk/service.ts';
import { type ScriptedServer, startScriptedServer } from '../client/scripted-server.ts';

let server: ScriptedServer;
afterEach(() => server?.close());

it.each([
  ['given as text', ' a.b.c\n'],
  ['given by a callback', async () => '\ta.b.c\r\n'],
])('takes a token without the white space around it, %s', async (_, token) => {
  server = await startScriptedServer({ status: 201, body: { id: 'sub_1' } });
  expect(await createService(`${server.url}/`, token).register({})).toBe('sub_1');
  expect(server.heard[0]?.headers.authorization).toBe('Bearer a.b.c');
});

it.each(['0.3', '+0.3', '0.3s', '0.3, 0.2', ' 3e-1 '])('waits as long as a Retry-After of %j asks', async (wait) => {
  const busy = { status: 503, body: {}, headers: { 'Retry-After': wait } };
  server = await startScriptedServer(busy, { status: 201, body: { id: 'sub_1' } });
  const startedAtMs = performance.now();
  expect(await createService(`${server.url}/`, 'a.b.c').register({})).toBe('sub_1');
  const waitedMs = performance.now() - startedAtMs;
  expect(waitedMs).toBeGreaterThanOrEqual(295);
});

it.each(['60', '15.001', '1e400', '60s'])('gives up at once where Retry-After asks for %s', async (wait) => {
  server = await startScriptedServer({ status: 503, body: {}, headers: { 'Retry-After': wait } });
  await expect(createService(`${server.url}/`, 'a.b.c').register({})).rejects.toMatchObject({
    code: 'service_unavailable',
  });
  expect(server.heard).toHaveLength(1);
});
