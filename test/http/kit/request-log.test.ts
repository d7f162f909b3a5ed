import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type AddressRange, createClientFinder } from '../../../src/access/client-address.ts';
import { createListener } from '../../../src/http/listener.ts';
import { closeServer, listen } from '../../../src/service/server.ts';
import { type Api, startApi } from '../../support/api.ts';
import { exchange, LISTEN } from '../../support/raw-http.ts';

let api: Api;
let server: Server;
afterEach(async () => {
  await closeServer(server);
  await api.dispose();
});

/** The line of the log about a request of these lines, on a server that trusts these proxies. */
async function lineOf(trusted: readonly AddressRange[], lines: readonly string[]) {
  api = await startApi({ findClient: createClientFinder(trusted) });
  server = await listen(createListener(api.app, api.parts), LISTEN);
  const { port } = server.address() as AddressInfo;
  await exchange(port, `${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
  expect(api.lines).toHaveLength(1);
  return api.lines[0];
}

const LOOPBACK = { address: '127.0.0.0', prefixLength: 8 };
const REQUEST = ['GET /v1/notifications HTTP/1.1', 'Host: a'];
const SPOOFED = ['X-Forwarded-For: 1.1.1.1', 'X-Forwarded-For: 192.0.2.1', 'Forwarded: for=192.0.2.1'];

describe('the line of a request', () => {
  it('has the address that it came from', async () => {
    expect(await lineOf([], REQUEST)).toMatchObject({ client: '127.0.0.1', code: 'missing_credentials' });
  });

  it('has no address that a caller claims', async () => {
    const claims = ['X-Real-IP: 1.1.1.1', 'True-Client-IP: 1.1.1.1', 'CF-Connecting-IP: 1.1.1.1', 'Client-IP: 1.1.1.1'];
    expect(await lineOf([], [...REQUEST, ...SPOOFED, ...claims])).toMatchObject({ client: '127.0.0.1' });
  });

  it('has the one that a trusted proxy tells, the last of all lines of the header', async () => {
    expect(await lineOf([LOOPBACK], [...REQUEST, ...SPOOFED])).toMatchObject({ client: '192.0.2.1' });
  });

  it('has it of a request that is refused before the app, too', async () => {
    const line = await lineOf([LOOPBACK], ['GET / HTTP/1.1', 'Host: a b', ...SPOOFED]);
    expect(line).toMatchObject({ status: 400, client: '192.0.2.1' });
  });
});
