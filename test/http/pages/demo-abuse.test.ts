import { beforeEach, describe, expect, it } from 'vitest';
import { exchange } from '../../support/raw-http.ts';
import { demoService } from './demo-service.ts';

const demo = demoService();

describe('registering', () => {
  beforeEach(() => demo.start({ REGISTRATIONS_PER_MINUTE: '1000' }));

  const register = (token: string): Promise<Response> =>
    fetch(`${demo.service.address}/v1/subscriptions`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(demo.emulator.createDevice().subscription),
    });

  it('counts among what one visitor may do', async () => {
    const { token } = await demo.visitor().subscribe();
    const statuses: number[] = [];
    for (let count = 0; count < 10; count++) statuses.push((await register(token)).status);
    // One of ten was spent on the token, one on the registration that came with it.
    expect(statuses.slice(0, 8)).toEqual(Array(8).fill(201));
    expect(statuses.at(-1)).toBe(429);
  });

  it('counts among what all visitors may do, however often one drops the cookie', async () => {
    const tokens: string[] = [];
    for (let count = 0; count < 20; count++) {
      const answer = await demo.visitor().post('/demo/token', {});
      tokens.push(((await answer.json()) as { token: string }).token);
    }
    const statuses: number[] = [];
    for (const token of tokens) for (let count = 0; count < 5; count++) statuses.push((await register(token)).status);
    const refused = statuses.filter((status) => status === 429).length;
    // Of 60 at once 20 are spent; some more come back while this runs.
    expect(refused).toBeGreaterThan(20);
  });

  it('of other users has other limits', async () => {
    const answer = await fetch(`${demo.service.address}/v1/subscriber-tokens`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${demo.secret}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ user_id: 'ada' }),
    });
    const { token } = (await answer.json()) as { token: string };
    for (let count = 0; count < 12; count++) expect((await register(token)).status).toBe(201);
  });
});

describe('a demo page that is on by itself', () => {
  /** By another name of this machine, as a page sees it whose name was led here (DNS rebinding). */
  const ask = async (method: string, path: string, host: string | null) => {
    const { port } = new URL(demo.service.address);
    const lines = [
      `${method} ${path} HTTP/1.${host === null ? 0 : 1}`,
      ...(host === null ? [] : [`Host: ${host.replace('PORT', port)}`, `Origin: http://${host.replace('PORT', port)}`]),
      'Sec-Fetch-Site: same-origin',
      'Content-Length: 0',
      'Connection: close',
    ];
    return exchange(Number(port), `${lines.join('\r\n')}\r\n\r\n`);
  };
  const paths: readonly (readonly [method: string, path: string])[] = [
    ['GET', '/demo'],
    ['GET', '/demo/demo.js'],
    ['POST', '/demo/token'],
    ['POST', '/demo/notifications'],
    ['GET', '/demo/notifications/ntf_x/events'],
  ];

  it.each(['localhost:PORT', '127.0.0.1:PORT', '[::1]:PORT', 'LOCALHOST:PORT', 'localhost', '127.1.2.3:80'])(
    'is there for who calls it %s',
    async (host) => {
      await demo.start({ DEMO_PAGE: 'local' });
      expect((await ask('GET', '/demo', host)).status).toBe(200);
      expect((await ask('POST', '/demo/token', host)).status).toBe(201);
    },
  );

  it.each([
    'evil.example:PORT',
    'evil.example',
    'localhost.evil.example:PORT',
    '127.0.0.1.evil.example:PORT',
    'evil-localhost:PORT',
    'localhost.:PORT',
    'x.localhost:PORT',
    '192.168.1.5:PORT',
    '0.0.0.0:PORT',
    '[::]:PORT',
    '[::ffff:127.0.0.1]:PORT',
    null,
  ])('is not there under another name: %s', async (host) => {
    await demo.start({ DEMO_PAGE: 'local' });
    for (const [method, path] of paths) {
      const answer = await ask(method, path, host);
      expect([answer.status, answer.body?.code], path).toEqual([403, 'not_same_origin']);
      expect(answer.headers.get('set-cookie')).toBeNull();
      expect(answer.text).not.toContain('token"');
    }
    // The rest of the service asks for credentials, whatever it is called.
    expect((await ask('GET', '/healthz', host)).status).toBe(200);
  });

  it('is there under every name where it was switched on', async () => {
    await demo.start({ DEMO_PAGE: 'true' });
    expect((await ask('POST', '/demo/token', 'push.example.com')).status).toBe(201);
  });

  it('is not there at all on another address', async () => {
    await demo.start({ DEMO_PAGE: 'local', HOST: '0.0.0.0' });
    for (const [method, path] of paths) expect((await ask(method, path, 'localhost:PORT')).status).toBe(404);
  });
});
