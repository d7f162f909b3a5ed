import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { BLOCK_OCTETS } from '../../../src/http/kit/body-blocks.ts';
import { MAX_BODY_OCTETS } from '../../../src/http/kit/raw-body.ts';
import { createListener } from '../../../src/http/listener.ts';
import { closeServer, listen } from '../../../src/service/server.ts';
import { type Api, type ApiOptions, SECRET, signatureOf, startApi } from '../../support/api.ts';
import { answerOf, closed, exchange, heard, LISTEN, openSocket } from '../../support/raw-http.ts';
import { until } from '../../support/until.ts';

let api: Api;
let server: Server;
let port: number;
const start = async (options: ApiOptions = {}) => {
  api = await startApi(options);
  server = await listen(createListener(api.app, api.parts), LISTEN);
  port = (server.address() as AddressInfo).port;
};
afterEach(async () => {
  await closeServer(server);
  await api.dispose();
});

const bearer = `Authorization: Bearer ${SECRET}`;
const json = 'Content-Type: application/json';
const headOf = (...lines: string[]): string => `${lines.join('\r\n')}\r\n\r\n`;
const post = (...lines: string[]): string => headOf('POST /v1/notifications HTTP/1.1', 'Host: a', json, ...lines);
/** Good in form, so that only the body can tell whether the signature is right. */
const signedAs = (signature = '0'.repeat(64)) => [
  `X-Timestamp: ${api.clock.now() / 1000}`,
  `X-Signature: ${signature}`,
];
/** What comes on a connection of its own until the answer is there. */
const answerTo = async (octets: string) => {
  const socket = openSocket(port);
  socket.write(octets, 'latin1');
  const text = await heard(socket, /\r\n\r\n/);
  return { ...answerOf(text), socket };
};
const chunked = (body: string, size: number): string => {
  const chunks = [];
  for (let at = 0; at < body.length; at += size) {
    const chunk = body.slice(at, at + size);
    chunks.push(`${chunk.length.toString(16)}\r\n${chunk}\r\n`);
  }
  return `${chunks.join('')}0\r\n\r\n`;
};
/** A notification of exactly so many octets. */
const bodyOf = (octets: number): string => {
  const empty = JSON.stringify({ type: 't', title: 'x', user_ids: ['u'], data: { fill: '' } });
  return empty.replace('"fill":""', `"fill":"${'ab9 '.repeat(octets).slice(0, octets - empty.length)}"`);
};

describe('a caller who is refused by the head', () => {
  // All at once: a connection is given two seconds to take its answer.
  const REFUSED: readonly [code: string, credentials: () => string[]][] = [
    ['missing_credentials', () => []],
    ['missing_credentials', () => ['Authorization: Basic eDp5']],
    ['missing_credentials', () => ['X-Timestamp: 1']],
    ['invalid_bearer_token', () => ['Authorization: Bearer nobody']],
    ['invalid_subscriber_token', () => ['Authorization: Bearer a.b.c']],
    ['unknown_key', () => [...signedAs(), 'X-Key-Id: nobody']],
    ['stale_timestamp', () => ['X-Timestamp: 1', `X-Signature: ${'0'.repeat(64)}`]],
    ['bad_signature', () => signedAs('no hex')],
    ['invalid_request', () => [...signedAs(), 'X-Nonce: a b']],
  ];
  it('is told why before the body is there, and the connection is closed', async () => {
    await start();
    const ends = REFUSED.map(async ([code, credentials]) => {
      const { body, socket } = await answerTo(post(...credentials(), 'Content-Length: 1000000'));
      expect([credentials(), body.code]).toEqual([credentials(), code]);
      await closed(socket);
    });
    await Promise.all(ends);
  });

  it('is told so with a token that is not enough', async () => {
    await start();
    const { token } = (await api.call('POST', '/v1/subscriber-tokens', { json: { user_id: 'u1' } })).body;
    const { body, socket } = await answerTo(post(`Authorization: Bearer ${token}`, 'Content-Length: 1000000'));
    expect(body.code).toBe('subscriber_token_not_enough');
    await closed(socket);
  });

  it('can use the connection again where the body was there', async () => {
    await start();
    const { body, socket } = await answerTo(`${post('Content-Length: 2')}{}`);
    expect(body.code).toBe('missing_credentials');
    socket.write(headOf('GET /healthz HTTP/1.1', 'Host: a'));
    await heard(socket, /"status":"ok"/);
    socket.destroy();
  });
});

describe('a body that nobody reads', () => {
  const ROUTES: readonly [method: string, path: string, status: number][] = [
    ['GET', '/healthz', 400],
    ['GET', '/openapi.json', 400],
    ['GET', '/v1/push/public-key', 400],
    ['POST', '/nowhere', 404],
    ['PATCH', '/v1/notifications', 405],
    ['OPTIONS', '/v1/notifications', 204],
    ['DELETE', '/v1/subscriptions/sub_1', 400],
    ['GET', '/v1/subscriptions', 400],
    ['POST', '/v1/subscriptions/sub_1/restore', 400],
  ];
  it('does not keep the answer waiting, and ends with the connection', async () => {
    await start();
    const framings = ['Content-Length: 1000000', 'Transfer-Encoding: chunked'];
    const ends = ROUTES.flatMap(([method, path, status]) =>
      framings.map(async (framing) => {
        const answer = await answerTo(headOf(`${method} ${path} HTTP/1.1`, 'Host: a', bearer, framing));
        expect([method, path, framing, answer.status]).toEqual([method, path, framing, status]);
        if (status === 400) expect(answer.body.code).toBe('unexpected_body');
        await closed(answer.socket);
      }),
    );
    await Promise.all(ends);
  });

  it('is none where its length is 0', async () => {
    await start();
    const answer = await exchange(
      port,
      headOf('GET /healthz HTTP/1.1', 'Host: a', 'Content-Length: 00', 'Connection: close'),
    );
    expect(answer.status).toBe(200);
  });
});

describe('Expect: 100-continue', () => {
  it('is answered with the refusal, not with 100, where the head will not do', async () => {
    await start();
    const { text, headers, socket } = await answerTo(post('Expect: 100-continue', 'Content-Length: 2'));
    expect(text).toMatch(/^HTTP\/1\.1 401 /);
    // Whether the body follows nobody can know.
    expect(headers.get('connection')).toBe('close');
    await closed(socket);
  });

  it.each([
    ['a known caller', () => [bearer]],
    [
      'a signature that is to be checked',
      (body: string) => {
        const timestamp = String(api.clock.now() / 1000);
        return signedAs(signatureOf({ timestamp, method: 'POST', path: '/v1/notifications', body }));
      },
    ],
  ])('is answered with 100 for %s, and the connection goes on', async (_, credentials) => {
    await start();
    const body = bodyOf(200);
    const socket = openSocket(port);
    socket.write(post(...credentials(body), 'Expect: 100-continue', `Content-Length: ${body.length}`));
    await heard(socket, /^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    socket.write(body);
    expect(await heard(socket, /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 202 /);
    socket.write(headOf('GET /healthz HTTP/1.1', 'Host: a'));
    await heard(socket, /"status":"ok"/);
    socket.destroy();
  });
});

describe('a body that is read', () => {
  const sizes = [100, BLOCK_OCTETS - 1, BLOCK_OCTETS, BLOCK_OCTETS + 1, 2 * BLOCK_OCTETS, 100_000];

  it.each(sizes.flatMap((size) => [1, 7, 4096, BLOCK_OCTETS, 70_000].map((chunk) => [size, chunk] as const)))(
    'is what was signed: %i octets in chunks of %i',
    async (size, chunk) => {
      await start();
      const body = bodyOf(size);
      expect(Buffer.byteLength(body)).toBe(size);
      const timestamp = String(api.clock.now() / 1000);
      const credentials = signedAs(signatureOf({ timestamp, method: 'POST', path: '/v1/notifications', body }));
      const whole = post(...credentials, 'Transfer-Encoding: chunked', 'Connection: close') + chunked(body, chunk);
      // Too large for a push service beyond that, which shows that it was parsed.
      const code = size > 3000 ? 'payload_too_large' : undefined;
      expect((await exchange(port, whole)).body.code).toBe(code);
      const pieces = openSocket(port);
      pieces.setNoDelay(true);
      pieces.write(post(...credentials, `Content-Length: ${size}`));
      for (let at = 0; at < size; at += Math.max(chunk, 4096)) pieces.write(body.slice(at, at + Math.max(chunk, 4096)));
      expect(answerOf(await heard(pieces, /\r\n\r\n/)).body.code).toBe(code);
      pieces.destroy();
    },
  );

  it('may have extensions on its chunks, and trailers, which are not looked at', async () => {
    await start();
    const body = bodyOf(100);
    const framed = `${body.length.toString(16)};a=b;c="d"\r\n${body}\r\n0;e\r\nX-Signature: x\r\nHost: b/c\r\n\r\n`;
    const answer = await exchange(port, post(bearer, 'Transfer-Encoding: chunked', 'Connection: close') + framed);
    expect(answer.status).toBe(202);
  });

  it('has 2 MiB at most, however it is framed', async () => {
    await start();
    const most = ' '.repeat(MAX_BODY_OCTETS);
    const chunkedHead = post(bearer, 'Transfer-Encoding: chunked', 'Connection: close');
    const codes = [
      await exchange(port, post(bearer, `Content-Length: ${most.length}`, 'Connection: close') + most),
      await exchange(port, chunkedHead + chunked(most, 65_536)),
      await answerTo(post(bearer, `Content-Length: ${most.length + 1}`)),
      await exchange(port, chunkedHead + chunked(`${most} `, 65_536)),
    ].map(({ body }) => body.code);
    expect(codes).toEqual(['malformed_json', 'malformed_json', 'body_too_large', 'body_too_large']);
  });

  it('has 30 seconds to arrive', async () => {
    await start();
    const socket = openSocket(port);
    const timers = api.clock.waiting();
    socket.write(`${post(bearer, 'Content-Length: 10')}{"a"`);
    await until('the body is waited for', () => api.clock.waiting() > timers);
    api.clock.advance(29_999);
    expect(api.lines).toEqual([]);
    api.clock.advance(1);
    const { status, body } = answerOf(await heard(socket, /\r\n\r\n/));
    expect([status, body.code]).toEqual([408, 'body_timeout']);
    await closed(socket);
  });

  it('that breaks off leaves nothing behind', async () => {
    await start();
    const socket = openSocket(port);
    const timers = api.clock.waiting();
    socket.write(`${post(bearer, 'Content-Length: 10')}{"a"`);
    await until('the body is waited for', () => api.clock.waiting() > timers);
    socket.destroy();
    await until('the request is over', () => api.lines.length > 0);
    expect(api.lines.at(-1)).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(api.clock.waiting()).toBe(timers);
  });
});

describe('bodies of strangers that take more than there is', () => {
  const limits = { bodyTimeoutMs: 30_000, maxUnverifiedBodyOctets: 7 * BLOCK_OCTETS };
  const large = 5 * BLOCK_OCTETS;
  /** All of a body but its last octet, which the server has. */
  const hold = async (credentials: readonly string[], octets = large) => {
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const socket = openSocket(port);
    const sent = post(...credentials, `Content-Length: ${octets}`) + ' '.repeat(octets - 1);
    socket.write(sent);
    const [ofServer] = await accepted;
    await until('the server has it', () => ofServer.bytesRead === sent.length);
    return socket;
  };

  it('end the one that waits longest with 503, and nobody else’s', async () => {
    await start({ bodyLimits: limits });
    const [first, second] = [await hold(signedAs()), await hold(signedAs())];
    const { status, headers, body } = answerOf(await heard(first, /\r\n\r\n/));
    expect([status, headers.get('retry-after'), body.code]).toEqual([503, '5', 'overloaded']);
    const [known, small] = [await hold([bearer]), await hold(signedAs(), 100)];
    for (const socket of [second, known, small]) socket.write('}');
    expect(answerOf(await heard(second, /\r\n\r\n/)).body.code).toBe('bad_signature');
    expect(answerOf(await heard(known, /\r\n\r\n/)).body.code).toBe('malformed_json');
    expect(answerOf(await heard(small, /\r\n\r\n/)).body.code).toBe('bad_signature');
    for (const socket of [first, second, known, small]) socket.destroy();
  });

  it('keep no large call of a program out', async () => {
    await start({ bodyLimits: limits });
    const held = [await hold(signedAs()), await hold(signedAs())];
    const body = bodyOf(large);
    const timestamp = String(api.clock.now() / 1000);
    const signature = signatureOf({ timestamp, method: 'POST', path: '/v1/notifications', body });
    const head = post(...signedAs(signature), `Content-Length: ${body.length}`, 'Connection: close');
    expect((await exchange(port, head + body)).body.code).toBe('payload_too_large');
    for (const socket of held) socket.destroy();
  });
});
