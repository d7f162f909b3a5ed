import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/servers/free-port.ts';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { signedClient } from '../../scripts/signed-client.ts';
import { readLine } from '../../src/commands/import/import-line.ts';
import { openInput } from '../../src/commands/import/input.ts';
import { generateVapidKeys } from '../../src/config/vapid-key-maker.ts';
import { interpret, itInterprets } from '../support/interpreters.ts';
import { codeUnder } from './markdown-code.ts';

const BUILT = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

describe('docs/moving.md, against the service', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-moving-'));
  const pair = generateVapidKeys();
  let service: ServiceProcess;
  let environment: Record<string, string>;

  beforeAll(async () => {
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'bin', 'bellhop'), `#!/bin/sh\nexec "${process.execPath}" "${BUILT}" "$@"\n`);
    chmodSync(join(folder, 'bin', 'bellhop'), 0o755);
    const PORT = String(await freePort());
    service = await startServiceProcess({ folder, environment: { PORT } });
    const PATH = `${join(folder, 'bin')}:${process.env.PATH}`;
    environment = { PORT, PATH, DATA_DIR: join(folder, 'data') };
  });
  afterAll(async () => {
    await service.stop('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });

  itInterprets('sh', 'imports what it shows, with the commands that it shows', async () => {
    const blocks = codeUnder('moving.md', '## From your own code');
    const codeOf = (language: string) => blocks.find((block) => block.language === language)?.code ?? '';
    writeFileSync(join(folder, 'subscriptions.csv'), codeOf('csv'));
    writeFileSync(join(folder, 'old-keys.json'), JSON.stringify(pair));
    const { stdout, stderr } = await interpret('sh', `set -eu\n${codeOf('sh')}`, { folder, environment });
    expect(stderr).toBe('');
    expect(stdout).toMatch(/in a dry run.*\n\n +1 {2}added\n.*1 lines of CSV\n\n +1 {2}added/s);
    expect(JSON.parse(readFileSync(join(folder, 'report.ndjson'), 'utf8'))).toMatchObject({ result: 'added' });
    const { items } = (await signedClient(service.address, service.secret)('GET', '/v1/subscriptions?user_id=user-42'))
      .body as { items: object[] };
    expect(items).toMatchObject([{ vapid_public_key: pair.publicKey, created_at: '2024-02-01T10:00:00.000Z' }]);
  });
});

describe('the files that docs/moving.md shows', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-shown-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const shown = ['## From your own code', '## From Pushpad', '## From OneSignal'].flatMap((heading) =>
    codeUnder('moving.md', heading)
      .filter(({ language }) => ['csv', 'json'].includes(language))
      .map(({ language, code }) => [heading, language, code] as const),
  );

  it.each(shown)('%s, as %s, are understood whole', async (_, language, code) => {
    const path = join(folder, `shown.${language}`);
    writeFileSync(path, code);
    let lines = 0;
    for await (const entry of (await openInput(path, null)).entries) {
      lines += 1;
      expect(entry).toHaveProperty('record');
      const record = 'record' in entry ? entry.record : {};
      const reading = readLine(record, { map: {}, vapidPublicKey: 'B' });
      expect(reading).toMatchObject({ kind: 'line', line: { user_id: expect.stringMatching(/42$/) } });
      expect(reading).not.toMatchObject({ notes: expect.arrayContaining(['unread_instant', 'strange_tags']) });
    }
    expect(lines).toBe(1);
  });
});
