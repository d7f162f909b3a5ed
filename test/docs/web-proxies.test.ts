import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/servers/free-port.ts';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { signedHeaders } from '../../scripts/signed-client.ts';
import { makeCertificate, type ServerCertificate } from '../../src/emulator/certificates.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';
import { startWebProxy, WEB_PROXIES, type WebProxy } from '../support/web-proxies.ts';
import { codeUnder } from './markdown-code.ts';

const SITE = 'www.example.com';
/** Another address of this machine than that of the proxy. */
const CALLER = '127.0.0.2';
const AWKWARD_USER = 'ada@example.com: ä;?#%26 "1"+{}';

type Answer = { readonly status: number; readonly location: string | undefined; readonly text: string };

for (const proxy of WEB_PROXIES) {
  const found = proxy.find();
  if (typeof found === 'string' || process.env.CI === 'true') describe(proxy.name, () => declare(proxy));
  else describe(proxy.name, () => it.skip(found.reason));
}

function declare(proxy: WebProxy): void {
  let folder: string;
  let certificate: ServerCertificate;
  let service: ServiceProcess;
  let network: TcpProxy;
  let running: { stop(): Promise<void> };
  let httpPort: number;
  let httpsPort: number;
  let agent: Agent;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bellhop-web-proxy-'));
    certificate = await makeCertificate([SITE]);
    const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    writeFileSync(certFile, certificate.cert);
    writeFileSync(keyFile, certificate.key, { mode: 0o600 });
    service = await startServiceProcess({ folder, environment: { TRUSTED_PROXIES: '127.0.0.1' } });
    network = await startTcpProxy({ port: Number(new URL(service.address).port) });
    [httpPort, httpsPort] = [await freePort(), await freePort()];
    const blocks = codeUnder('production.md', `### ${proxy.name}`).map(({ code }) => code);
    const place = { folder: join(folder, 'proxy'), httpPort, httpsPort, upstreamPort: network.port, certFile, keyFile };
    running = await startWebProxy(proxy, { blocks, place });
    agent = new Agent({ ca: certificate.caPem, keepAlive: true, servername: SITE });
    // Traefik listens before it has read its routes.
    await until('Bellhop answers through it', () =>
      call('GET', '/healthz').then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
  }, 30_000);
  afterAll(async () => {
    agent?.destroy();
    await running?.stop();
    await network?.close();
    await service?.stop('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });

  const target = () => ({ agent, host: '127.0.0.1', port: httpsPort, localAddress: CALLER, headers: { Host: SITE } });

  /** Signed over `signedPath`, as a back end somewhere else calls. */
  function call(method: string, path: string, { body = '', signedPath = path, headers = {} } = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const calling = request({
        ...target(),
        method,
        path: `/push${path}`,
        headers: {
          Host: SITE,
          ...signedHeaders(service.secret, method, signedPath, body),
          ...(body === '' ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
          ...headers,
        },
      });
      calling.once('error', reject).once('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        const { statusCode: status = 0, headers: answered } = response;
        response.once('end', () => resolve({ status, location: answered.location, text }));
      });
      calling.end(body);
    });
  }

  it('takes off the prefix, and hands on signed calls over one connection', async () => {
    const body = JSON.stringify({ type: 'test', title: 'Hello', user_ids: ['ada'] });
    const sent = await call('POST', '/v1/notifications', { body });
    expect(sent).toMatchObject({ status: 202, text: expect.stringContaining('ntf_') });
    const { id } = JSON.parse(sent.text) as { id: string };
    const prefix = proxy.name === 'Traefik' ? '' : '/push';
    expect(new URL(String(sent.location), `https://${SITE}`).pathname).toBe(`${prefix}/v1/notifications/${id}`);
    expect(await call('GET', `/v1/notifications/${id}`)).toMatchObject({ status: 200 });
    expect(network.accepted()).toBe(1);
    const wrong = await call('GET', '/v1/notifications', { signedPath: '/push/v1/notifications' });
    expect([wrong.status, JSON.parse(wrong.text).code]).toEqual([401, 'bad_signature']);
  });

  it('leaves the path and its query as they were sent', async () => {
    const user = encodeURIComponent(AWKWARD_USER);
    for (const path of [
      `/v1/users/${user}/deliveries?limit=5`,
      '/v1/users/ada@example.com/deliveries',
      '/v1/users/it%27s%281%29%2A%21/deliveries',
      '/v1/users/org%2F42/deliveries',
      '/v1/users/a%5Cb%2F..%2Fc/deliveries',
      `/v1/deliveries?user_id=${user}%2f&limit=%35`,
      "/v1/deliveries?user_id=it's(1)*!~",
    ]) {
      const answer = await call('GET', path);
      expect([path, answer.status, answer.text]).toEqual([path, 200, expect.stringContaining('"items":[]')]);
    }
  });

  it('says who called, and believes nobody who says so', async () => {
    const headers = { 'X-Forwarded-For': '6.6.6.6', Forwarded: 'for=6.6.6.6', 'X-Request-Id': 'req_forged' };
    await call('GET', '/v1/notifications?limit=7', { headers });
    const line = () => service.log.find(({ request_id }) => request_id === 'req_forged');
    await until('the call is in the log', () => line() !== undefined);
    expect(line()).toMatchObject({ client: CALLER });
  });

  it('takes the largest bodies, and leaves the refusal of larger ones to Bellhop', async () => {
    const users = (count: number) => Array.from({ length: count }, (_, index) => `${index}`.padStart(120, 'u'));
    const bodyOf = (count: number) => JSON.stringify({ type: 'test', title: 'Hello', user_ids: users(count) });
    expect((await call('POST', '/v1/notifications', { body: bodyOf(10_000) })).status).toBe(202);
    const refused = await call('POST', '/v1/notifications', { body: bodyOf(20_000) });
    expect([refused.status, JSON.parse(refused.text).code]).toEqual([413, 'body_too_large']);
  });

  it('hands on any number of lines, and their results; nginx while more of either comes', async () => {
    const lines = Array.from({ length: 3000 }, (_, n) => {
      const line = { type: 'test', title: 'x'.repeat(1000), user_ids: ['ada'], idempotency_key: `line-${n}` };
      return `${JSON.stringify(line)}\n`;
    });
    const headers = { Host: SITE, Authorization: `Bearer ${service.secret}`, 'Content-Type': 'application/x-ndjson' };
    const sending = request({ ...target(), method: 'POST', path: '/push/v1/notifications/bulk', headers });
    const answered = once(sending, 'response') as Promise<[IncomingMessage]>;
    const isDuplex = proxy.name === 'nginx';
    sending.write(lines[0]);
    if (!isDuplex) sending.end(lines.slice(1).join(''));
    const [response] = await answered;
    let text = '';
    response.setEncoding('utf8').on('data', (piece) => {
      text += piece;
    });
    const ended = once(response, 'end');
    if (isDuplex) {
      await until('the first result is there', () => text.includes('"line":1,'));
      sending.end(lines.slice(1).join(''));
    }
    await ended;
    expect(text.match(/"status":"accepted"/g)).toHaveLength(lines.length);
  });

  it('leads http to https, with method and body', async () => {
    const answer = await fetch(`http://127.0.0.1:${httpPort}/push/v1/notifications?a=b`, {
      method: 'POST',
      body: '{}',
      redirect: 'manual',
    });
    expect(answer.status).toBe(308);
    expect(answer.headers.get('location')).toMatch(/^https:\/\/[^/]+\/push\/v1\/notifications\?a=b$/);
  });

  it('serves the start page and the SDK under the prefix', async () => {
    expect(await call('GET', '/')).toMatchObject({ status: 200, text: expect.stringContaining('<title>Bellhop') });
    const answer = await call('GET', '/sdk/bellhop.js');
    expect([answer.status, answer.text.length > 3000]).toEqual([200, true]);
  });

  it('hands on an answer as it comes, however long it takes to end', async () => {
    let end = (): void => {};
    const slow = createServer((_, answer) => {
      answer.writeHead(200, { 'Content-Type': 'application/octet-stream' }).write('first, ');
      end = () => answer.end('last');
    }).listen(0, '127.0.0.1');
    await once(slow, 'listening');
    network.leadTo((slow.address() as AddressInfo).port);
    // The connections that are kept still lead to Bellhop.
    await network.cut();
    await network.restore();
    const [response] = (await once(request({ ...target(), path: '/push/v1/slow' }).end(), 'response')) as [
      IncomingMessage,
    ];
    response.setEncoding('utf8');
    expect(await once(response, 'data')).toEqual(['first, ']);
    end();
    expect(await once(response, 'data')).toEqual(['last']);
    slow.closeAllConnections();
    slow.close();
  });
}
