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
