import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { createListener } from '../../src/http/listener.ts';
import { addressOf, closeServer, listen } from '../../src/service/server.ts';
import { type Api, SECRET, startApi } from '../support/api.ts';
import { interpret, itInterprets } from '../support/interpreters.ts';
import { LISTEN } from '../support/raw-http.ts';
import { codeUnder } from './markdown-code.ts';

const codeOf = (heading: string): string =>
  codeUnder('privacy.md', heading).find(({ language }) => language === 'sh')?.code ?? '';

describe('docs/privacy.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-privacy-'));
  let api: Api;
  let server: Server;
  beforeAll(async () => {
    api = await startApi();
    server = await listen(createListener(api.app, api.parts), LISTEN);
    await api.register('ada');
  });
  afterAll(async () => {
    await closeServer(server);
    await api.dispose();
    rmSync(folder, { recursive: true });
  });

  const run = async (code: string): Promise<string> =>
    (await interpret('sh', `set -eu\n${code}`, { folder, environment: { BELLHOP: addressOf(server), SECRET } })).stdout;

  itInterprets('sh', 'a person is exported, erased, and the receipt is genuine', async () => {
    expect(JSON.parse(await run(codeOf('## What is known of a person')))).toMatchObject({
      subscriptions: [{ user_id: 'ada' }],
    });
    expect(JSON.parse(await run(codeOf('## Erasing a person')))).toMatchObject({
      state: 'completed',
      receipt: { counts: { subscriptions: 1 } },
    });
    expect(JSON.parse(await run(codeOf('### The receipt')))).toEqual({ is_genuine: true, is_of_user: true });
  });
});
