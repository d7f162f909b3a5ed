import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { signedClient } from '../../scripts/signed-client.ts';
import { interpret, itInterprets, type Language } from '../support/interpreters.ts';
import { until } from '../support/until.ts';
import { codeUnder } from './markdown-code.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The first run compiles the standard library, on two cores shared with other tests. */
const GO_MS = 180_000;

const PROGRAMS: readonly [heading: string, language: Language][] = [
  ['## JavaScript and TypeScript', 'js'],
  ['## Shell', 'sh'],
  ['## Python', 'python'],
  ['## Go', 'go'],
  ['## PHP', 'php'],
  ['## Ruby', 'ruby'],
];

/** What interpreters print of an error that a program leaves to them. */
const TRACE = /Traceback|Stack trace|Fatal error|goroutine|program\.\w+:\d+|\n\s+at |Warning:/;

/** Passes `/push/bellhop/…` on as `/…`, and has a page for everything else. */
async function startPrefixProxy(address: string) {
  const server = createServer((incoming, outgoing) => {
    const path = /^\/push\/bellhop(\/.*)$/.exec(incoming.url ?? '')?.[1];
    if (path === undefined) {
      incoming.resume();
      outgoing.writeHead(404, { 'Content-Type': 'text/html' }).end('<h1>Nothing here</h1>');
      return;
    }
    const onward = request(`${address}${path}`, { method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise<void>((resolve) => void server.close(() => resolve()).closeAllConnections()),
  };
}

describe('the programs of docs/clients.md, against the service', () => {
  let folder: string;
  let service: ServiceProcess;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bellhop-programs-'));
    // As the package of its own lies there; `test/client/own-package.test.ts` installs the real one.
    const client = join(folder, 'node_modules', 'bellhop-client');
    mkdirSync(client, { recursive: true });
    writeFileSync(join(client, 'package.json'), JSON.stringify({ type: 'module', exports: './dist/client.js' }));
    symlinkSync(join(ROOT, 'dist', 'client'), join(client, 'dist'));
    service = await startServiceProcess({ folder });
  });
  afterEach(async () => {
    await service.stop('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [heading, language] of PROGRAMS) {
    const blocks = codeUnder('clients.md', heading).filter((block) => block.language === language);
    const [code = '', module] = blocks.map((block) => block.code).reverse();
    const run = (secret: string, { at = service.address, args = [] }: { at?: string; args?: string[] } = {}) =>
      interpret(language, code, { folder, module, environment: { BELLHOP: at, SECRET: secret }, args });
    const failureOf = (running: Promise<unknown>) =>
      running.then(
        () => null,
        ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
      );

    itInterprets(
      language,
      `${language}: sends once for an order however often it runs, and makes a token that a page can use`,
      async () => {
        const order = { args: ['42'] };
        const [first, second] = [await run(service.secret, order), await run(service.secret, order)];
        const [id, token] = first.stdout.trim().split('\n');
        expect(first.stderr).toBe('');
        expect([second.stdout.split('\n')[0], second.stderr]).toEqual([id, 'replayed: order 42 was sent before\n']);
        await until('the log’s line of the replay', () => service.log.some(({ replayed }) => replayed === true));
        const call = signedClient(service.address, service.secret);
        expect((await call('GET', `/v1/notifications/${id}`)).body).toMatchObject({
          type: 'order.shipped',
          title: 'On its way',
          url: 'https://shop.example.com/orders/42',
          user_count: 1,
        });
        expect((await call('GET', '/v1/notifications')).body.items).toHaveLength(1);
        const headers = { Authorization: `Bearer ${token}` };
        const page = await fetch(`${service.address}/v1/subscriptions?user_id=user-42`, { headers });
        expect([page.status, await page.json()]).toEqual([200, { items: [], next_cursor: null }]);
      },
      GO_MS,
    );

    itInterprets(
      language,
      `${language}: fails, and says why, with a wrong secret`,
      async () => {
        const failed = await failureOf(run('a-secret-that-is-not-the-one'));
        expect(failed).toMatchObject({ code: 1, stdout: '' });
        expect(failed?.stderr).toMatch(/\b401\b.*\bbad_signature\b/s);
        expect(failed?.stderr).toContain('X-Signature does not match.');
        expect(failed?.stderr).not.toMatch(TRACE);
      },
      GO_MS,
    );

    itInterprets(
      language,
      `${language}: takes each run without an order for another one, behind a proxy that strips a prefix, too`,
      async () => {
        const proxy = await startPrefixProxy(service.address);
        try {
          const at = `${proxy.address}/push/bellhop`;
          const [one, other] = [await run(service.secret, { at }), await run(service.secret, { at })];
          expect([one.stderr, other.stderr]).toEqual(['', '']);
          expect(one.stdout.split('\n')[0]).not.toBe(other.stdout.split('\n')[0]);
          // Outside of the prefix the proxy has a page of its own.
          const failed = await failureOf(run(service.secret, { at: `${proxy.address}/elsewhere` }));
          expect(failed).toMatchObject({ code: 1, stdout: '' });
          expect(failed?.stderr).toContain('404');
          expect(failed?.stderr).not.toMatch(TRACE);
        } finally {
          await proxy.close();
        }
      },
      GO_MS,
    );
  }

  itInterprets('sh', 'the call that docs/http.md signs is taken, once', async () => {
    const code = codeUnder('http.md', '### Signing').find(({ language }) => language === 'sh')?.code;
    const environment = { BELLHOP: service.address, SECRET: service.secret };
    const accepted = await interpret('sh', `set -eu\n${code}`, { folder, environment });
    expect(JSON.parse(accepted.stdout)).toMatchObject({ status: 'accepted', user_count: 1, replayed: false });
    const again = await interpret(
      'sh',
      `set -eu\n${code}\ncurl --silent "$BELLHOP/v1/notifications" \\
      -H "X-Timestamp: $TIMESTAMP" -H "X-Nonce: $NONCE" -H "X-Signature: $SIGNATURE" \\
      -H 'Content-Type: application/json' -H "Idempotency-Key: $KEY" --data-raw "$BODY"`,
      {
        folder,
        environment,
      },
    );
    expect(again.stdout).toContain('"code":"reused_nonce"');
  });
});
