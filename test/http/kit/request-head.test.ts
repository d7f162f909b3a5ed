import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createListener } from '../../../src/http/listener.ts';
import { closeServer, listen } from '../../../src/service/server.ts';
import { type Api, SECRET, signatureOf, startApi } from '../../support/api.ts';
import { exchange, LISTEN, type RawAnswer } from '../../support/raw-http.ts';

let api: Api;
let server: Server;
let port: number;
beforeAll(async () => {
  api = await startApi();
  server = await listen(createListener(api.app, api.parts), LISTEN);
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  await closeServer(server);
  await api.dispose();
});

/** A request of these lines, each as it is. */
const ask = (...lines: string[]): Promise<RawAnswer> =>
  exchange(port, `${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
const timestamp = () => String(api.clock.now() / 1000);
const signed = (method: string, path: string, body = '') => [
  `X-Timestamp: ${timestamp()}`,
  `X-Signature: ${signatureOf({ timestamp: timestamp(), method, path, body })}`,
];
const bearer = `Authorization: Bearer ${SECRET}`;

const isRefused = (answer: RawAnswer, path: string): void => {
  expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
  expect(answer.body).toMatchObject({ code: 'invalid_request', issues: [{ path }] });
  expect(answer.body.request_id).toBe(answer.headers.get('x-request-id'));
  expect(answer.headers.get('connection')).toBe('close');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
};

describe('white space', () => {
  it.each([
    ['before and after a secret', `Authorization:  \tBearer \t${SECRET} \t`],
    ['before a secret, as tabs', `Authorization: Bearer\t\t${SECRET}`],
  ])('%s is no part of it', async (_, line) => {
    expect((await ask('GET /v1/subscriptions HTTP/1.1', 'Host: a', line)).status).toBe(200);
  });

  it('around the headers of a signature is no part of them', async () => {
    const padded = signed('GET', '/v1/subscriptions').map((line) => `${line.replace(': ', ': \t ')} \t`);
    const answer = await ask('GET /v1/subscriptions HTTP/1.1', 'Host: a', ...padded, 'X-Key-Id:  default \t');
    expect(answer.status).toBe(200);
  });
});

describe('a Host that is not host[:port]', () => {
  it('leads a signature of one path to no other', async () => {
    await api.register('u1');
    const stolen = await ask(
      'GET /healthz HTTP/1.1',
      'Host: \xe4.\xe4.\xe4/v1/subscriptions#',
      ...signed('GET', '/healthz'),
    );
    isRefused(stolen, 'Host');
    expect(stolen.text).not.toContain('u1');
  });

  it('mints no token with the signature of another call', async () => {
    const body = '{"user_id":"admin"}';
    const answer = await ask(
      'POST /v1/nothing HTTP/1.1',
      'Host: \xe4.\xe4.\xe4/v1/subscriber-tokens#',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      ...signed('POST', '/v1/nothing', body),
      '',
      body,
    );
    isRefused(answer, 'Host');
    isRefused(await ask('POST /v1/subscriptions HTTP/1.1', 'Host: 1/demo?', bearer, 'Content-Length: 0'), 'Host');
  });

  it.each([
    '',
    '/',
    'a/b',
    'a?b',
    'a#b',
    'a@b',
    'user:password@host',
    'a:b',
    'a:80:80',
    'a:65536',
    'a:123456',
    'a b',
    'a, b',
    'a\\b',
    'a%2fb',
    'a%00b',
    '\xe4',
    'a\tb',
    'a\x01b',
    '[::1',
    '::1',
    '[::g]',
    '[::1]a',
    '[fe80::1%25eth0]',
    '[]',
    '999.999.999.999',
    '1.2.3.4.5',
    '0x7f.1.2.999',
    'xn--\xe4',
    'xn--a',
    'http://a',
    'a,b',
    'a<b>',
    '*',
  ])('is refused: %j', async (host) => {
    const answer = await ask('GET /v1/subscriptions?limit=1 HTTP/1.1', `Host: ${host}`, bearer);
    // A control character is no header line at all.
    if (host === 'a\x01b') expect(answer).toMatchObject({ status: 400, body: { code: 'malformed_request' } });
    else isRefused(answer, 'Host');
  });

  it.each([
    'localhost',
    'localhost:8080',
    'PUSH.Example.COM',
    'push.example.com:443',
    'push.example.com:',
    'push.example.com.',
    '127.0.0.1:1',
    '[::1]',
    '[::1]:65535',
    '[::ffff:127.0.0.1]:80',
    'bell_hop',
    'xn--bcher-kva.example',
    'a-b.c--d',
  ])('and any that is, is taken: %j', async (host) => {
    const answer = await ask('GET /v1/subscriptions?limit=1 HTTP/1.1', `Host: ${host}`, bearer);
    expect(answer.status).toBe(200);
  });

  it('is refused where there are two, or none', async () => {
    isRefused(await ask('GET /healthz HTTP/1.1', 'Host: a', 'Host: b'), 'Host');
    isRefused(await ask('GET /healthz HTTP/1.1', 'Host: a', 'HOST: a'), 'Host');
    isRefused(await ask('GET /healthz HTTP/1.1'), 'Host');
    isRefused(await ask('GET /healthz HTTP/1.0', 'Host: a/b'), 'Host');
    expect((await ask('GET /healthz HTTP/1.0')).status).toBe(200);
  });
});

it('is shown to the app as it was sent, and is no part of the URL that routing goes by', async () => {
  const fetch = (request: Request) => Response.json({ host: request.headers.get('host'), url: request.url });
  const echo = await listen(createListener({ fetch } as unknown as Api['app'], api.parts), LISTEN);
  const { port: echoPort } = echo.address() as AddressInfo;
  const answer = await exchange(echoPort, 'GET /a?b=c HTTP/1.1\r\nHost: evil.example:80\r\nConnection: close\r\n\r\n');
  expect(answer.body).toEqual({ host: 'evil.example:80', url: 'http://localhost/a?b=c' });
  await closeServer(echo);
});

describe('a target that is not a path in the one form it has', () => {
  it.each([
    'http://other/v1/subscriptions',
    'HTTP://other/v1/subscriptions',
    'https://other/v1/subscriptions',
    '//other/v1/subscriptions',
    '/v1//subscriptions',
    '/v1/subscriptions//',
    '/v1/./subscriptions',
    '/v1/../v1/subscriptions',
    '/healthz/../v1/subscriptions',
    '/v1/subscriptions/.',
    '/v1/subscriptions/..',
    '/v1/subscriptions/../subscriptions?limit=1',
    '/v1/%2e/subscriptions',
    '/healthz/%2E%2e/v1/subscriptions',
    '/healthz/.%2e/v1/subscriptions',
    '/v1%2fsubscriptions',
    '/v1%2Fsubscriptions',
    '/v1%5csubscriptions',
    '/v1/users%2fada',
    '/v1/users%5Cada',
    '/%2F/users/ada',
    '/healthz%2F..%2Fv1/users/ada',
    '/v1/users/%2e%2E',
    '/v1/users/a%2E%2Fb',
    '/v1/users/a%00b',
    '/v1\\subscriptions',
    '/v1/%73ubscriptions',
    '/v1/subscriptions%',
    '/v1/subscriptions%zz',
    '/v1/subscriptions%00',
    '/v1/subscriptions#a',
    '/healthz?#/v1/subscriptions',
    '/v1/subscriptions?a=%',
    '/v1/subscriptions?a=%f',
    '/v1/subscriptions?user_id="a"',
    '/v1/subscriptions?user_id=a\\b',
    '/v1/subscriptions|',
    '/v1/{subscriptions}',
    '/v1/<subscriptions>',
  ])('is refused, signed or not: %j', async (target) => {
    isRefused(await ask(`GET ${target} HTTP/1.1`, 'Host: a', ...signed('GET', target)), 'target');
    isRefused(await ask(`GET ${target} HTTP/1.1`, 'Host: a', bearer), 'target');
  });

  it.each(['*', 'a:80', 'v1/subscriptions', '?', 'localhost', '/healthz?\xe4', '/h\xe4lthz'])(
    'is refused, or is no request at all: %j',
    async (target) => {
      for (const method of ['GET', 'OPTIONS', 'POST']) {
        expect((await ask(`${method} ${target} HTTP/1.1`, 'Host: a')).status).toBe(400);
      }
      expect((await ask(`CONNECT ${target} HTTP/1.1`, 'Host: a')).text).not.toContain('HTTP/1.1 2');
    },
  );

  it.each([
    '/v1/subscriptions',
    '/v1/subscriptions?',
    '/v1/subscriptions?limit=1',
    '/v1/subscriptions?user_id=a%20b%2Fc%3F',
    '/v1/subscriptions?user_id=a+b',
    "/v1/subscriptions?user_id='a'",
    '/v1/subscriptions?user_id={a}|[b]^`c`',
    '/v1/subscriptions?user_id=//a/../b?c',
    '/v1/subscriptions?user_id=%C3%A4%c3%bf',
  ])('and any that is, is signed as it was sent: %j', async (target) => {
    const answer = await ask(`GET ${target} HTTP/1.1`, 'Host: a:80', ...signed('GET', target));
    expect(answer.status).toBe(200);
    const other = target.includes('?') ? `${target}&limit=2` : `${target}?limit=2`;
    expect((await ask(`GET ${other} HTTP/1.1`, 'Host: a', ...signed('GET', target))).status).toBe(401);
  });

  it('finds nothing at a path that only looks like one', async () => {
    for (const target of [
      '/v1/subscriptions/',
      '/V1/subscriptions',
      '/v1/subscriptions/a%20b',
      '/v1/subscriptions;a=b',
    ]) {
      expect((await ask(`GET ${target} HTTP/1.1`, 'Host: a', bearer)).status).toBe(404);
    }
  });
});

describe('a header that must be there once', () => {
  it.each([
    ['X-Nonce', 'X-Nonce: a', 'X-Nonce: b'],
    ['Idempotency-Key', 'Idempotency-Key: a', 'idempotency-key: b'],
    ['X-Signature', `X-Signature: ${'0'.repeat(64)}`, `X-SIGNATURE: ${'1'.repeat(64)}`],
    ['X-Timestamp', 'X-Timestamp: 1', 'X-Timestamp: 1'],
    ['X-Key-Id', 'X-Key-Id: default', 'X-Key-Id: shop'],
    ['Authorization', bearer, bearer],
    ['Content-Type', 'Content-Type: application/json', 'Content-Type: text/plain'],
  ])('is refused twice: %s', async (name, ...lines) => {
    isRefused(await ask('GET /v1/subscriptions HTTP/1.1', 'Host: a', ...lines), name);
  });
});

it('is in the log once, as every request is', async () => {
  const before = api.lines.length;
  await ask('GET /secret/../place HTTP/1.1', 'Host: a', 'X-Request-Id: mine');
  expect(api.lines.slice(before)).toEqual([
    expect.objectContaining({ request_id: 'mine', method: 'GET', route: null, status: 400, code: 'invalid_request' }),
  ]);
});
