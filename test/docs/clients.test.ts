import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { signedClient } from '../../scripts/signed-client.ts';
import { interpret, itInterprets, type Language } from '../support/interpreters.ts';
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
    // One for each program: all name the same idempotency key, with bodies that differ by a space.
    service = await startServiceProcess({ folder });
  });
  afterEach(async () => {
    await service.stop('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [heading, language] of PROGRAMS) {
    const code = codeUnder('clients.md', heading).find((block) => block.language === language)?.code ?? '';
    const run = (secret: string) =>
      interpret(language, code, { folder, environment: { BELLHOP: service.address, SECRET: secret } });

    itInterprets(
      language,
      `${language}: sends once however often it runs, and makes a token that a page can use`,
      async () => {
        const [first, second] = [await run(service.secret), await run(service.secret)];
        const [id, token] = first.stdout.trim().split('\n');
        expect(first.stderr).toBe('');
        expect(second.stdout.split('\n')[0]).toBe(id);
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
        const failed = await run('a-secret-that-is-not-the-one').then(
          () => null,
          (error: { code: number; stdout: string; stderr: string }) => error,
        );
        expect(failed?.code).toBeGreaterThan(0);
        expect(`${failed?.stdout}${failed?.stderr}`).toContain('bad_signature');
      },
      GO_MS,
    );
  }

  itInterprets('sh', 'the call that docs/http.md signs is taken, once', async () => {
    const code = codeUnder('http.md', '### Signing').find(({ language }) => language === 'sh')?.code;
    const environment = { BELLHOP: service.address, SECRET: service.secret };
    const accepted = await interpret('sh', `set -eu\n${code}`, { folder, environment });
    expect(JSON.parse(accepted.stdout)).toMatchObject({ status: 'accepted', user_count: 1 });
    const again = await interpret(
      'sh',
      `set -eu\n${code}\ncurl --silent "$BELLHOP/v1/notifications" \\
      -H "X-Timestamp: $TIMESTAMP" -H "X-Nonce: $NONCE" -H "X-Signature: $SIGNATURE" \\
      -H 'Content-Type: application/json' -H 'Idempotency-Key: order-42-shipped' --data-raw "$BODY"`,
      {
        folder,
        environment,
      },
    );
    expect(again.stdout).toContain('"code":"reused_nonce"');
  });
});
