import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import { type ServiceProcess, startServiceProcess } from '../../../scripts/service-process.ts';
import { signedClient } from '../../../scripts/signed-client.ts';
import { interpret, itInterprets, type Language } from '../../support/interpreters.ts';
import { codeUnder } from '../markdown-code.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PAGE = 'guides/back-ends.md';
/** The first run of Go compiles the standard library. */
const LIMIT_MS = 180_000;

type Guide = {
  readonly heading: string;
  readonly language: Language;
  /** What takes the framework's place, in this folder. Go's is no framework, and real. */
  readonly program: string;
  /** Where the guide puts the first block of this language in docs/clients.md. */
  readonly module: readonly [heading: string, path: string] | null;
};

const GUIDES: readonly Guide[] = [
  { heading: '## Django', language: 'python', program: 'django.py', module: ['## Python', 'shop/bellhop.py'] },
  { heading: '## Rails', language: 'ruby', program: 'rails.rb', module: ['## Ruby', 'lib/bellhop.rb'] },
  { heading: '## Laravel', language: 'php', program: 'laravel.php', module: ['## PHP', 'app/bellhop.php'] },
  { heading: '## Express', language: 'js', program: 'express.mjs', module: null },
  { heading: '## Go', language: 'go', program: 'net_http.go', module: ['## Go', 'bellhop.go'] },
];

/** Every block of a guide names its file in a comment on its first line. */
function filesOf({ heading, language, module }: Guide): readonly (readonly [path: string, code: string])[] {
  const files = codeUnder(PAGE, heading).map(({ code }) => {
    const path = /^(?:<\?php )?(?:#|\/\/) (\S+)\n/.exec(code)?.[1];
    if (path === undefined) throw new Error(`a block under ${heading} does not name its file`);
    return [path, code] as const;
  });
  if (module === null) return files;
  const [of, path] = module;
  const code = codeUnder('clients.md', of).find((block) => block.language === language)?.code ?? '';
  return [...files, [path, code]];
}

// The frameworks themselves are not here: what the guides say of their routing, jobs and configuration is not run.
describe('the code of docs/guides/back-ends.md, against the service', () => {
  let folder: string;
  let service: ServiceProcess;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bellhop-guides-'));
    service = await startServiceProcess({ folder });
    for (const [name, entry, at] of [
      ['bellhop-client', 'client.js', join(ROOT, 'dist', 'client')],
      ['express', 'express-stand-in.mjs', join(ROOT, 'test', 'docs', 'guides')],
    ] as const) {
      const home = join(folder, 'node_modules', name);
      mkdirSync(home, { recursive: true });
      writeFileSync(join(home, 'package.json'), JSON.stringify({ type: 'module', exports: `./files/${entry}` }));
      symlinkSync(at, join(home, 'files'));
    }
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  });
  afterEach(async () => {
    await service.stop('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });

  for (const guide of GUIDES) {
    const test = async () => {
      for (const [path, code] of filesOf(guide)) {
        mkdirSync(join(folder, dirname(path)), { recursive: true });
        writeFileSync(join(folder, path), code);
      }
      const program = readFileSync(new URL(guide.program, import.meta.url), 'utf8');
      const environment = { BELLHOP: service.address, SECRET: service.secret };
      const { stdout, stderr } = await interpret(guide.language, program, { folder, environment });
      expect(stderr).toBe('');
      const told = JSON.parse(stdout);
      expect(told.stranger).toBe(401);
      expect(told.cache).toContain('no-store');
      expect(told.token_type ?? 'text/plain').toBe('text/plain');
      if (told.worker !== undefined) {
        expect(told.worker).toBe("importScripts('https://push.example.com/sdk/bellhop-sw.js');");
        expect(told.worker_type).toBe('text/javascript');
      }
      const headers = { Authorization: `Bearer ${told.token}` };
      const page = await fetch(`${service.address}/v1/subscriptions?user_id=7`, { headers });
      expect([page.status, await page.json()]).toEqual([200, { items: [], next_cursor: null }]);
      const { body } = await signedClient(service.address, service.secret)('GET', '/v1/notifications');
      const items = body.items as { id: string }[];
      expect(items).toMatchObject([
        { type: 'order.shipped', title: 'On its way', url: 'https://shop.example.com/orders/42', user_count: 1 },
      ]);
      if (told.ids !== undefined) expect(told.ids).toEqual([items[0]?.id, items[0]?.id]);
    };
    itInterprets(
      guide.language,
      `${guide.heading.slice(3)}: a token for who is signed in, and one send`,
      test,
      LIMIT_MS,
    );
  }
});
