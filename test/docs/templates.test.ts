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

const codeOf = (heading: string, language: string): string[] =>
  codeUnder('templates.md', heading)
    .filter((block) => block.language === language)
    .map(({ code }) => code);

describe('docs/templates.md, in the order of its examples', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-templates-'));
  let api: Api;
  let server: Server;
  beforeAll(async () => {
    api = await startApi();
    server = await listen(createListener(api.app, api.parts), LISTEN);
  });
  afterAll(async () => {
    await closeServer(server);
    await api.dispose();
    rmSync(folder, { recursive: true });
  });

  const run = async (code = ''): Promise<string> =>
    (await interpret('sh', `set -eu\n${code}`, { folder, environment: { BELLHOP: addressOf(server), SECRET } })).stdout;

  itInterprets(
    'sh',
    'a template is kept, sent to two with variables of their own, and shown as on the page',
    async () => {
      const [kept, sent, shown] = codeOf('## An example', 'sh');
      expect(JSON.parse(await run(kept))).toMatchObject({ key: 'parcel', version: 1 });
      expect(JSON.parse(await run(sent))).toMatchObject({ status: 'accepted', user_count: 2 });
      const [expected = ''] = codeOf('## An example', 'json');
      expect(JSON.parse(await run(shown))).toMatchObject(JSON.parse(expected));
    },
  );

  itInterprets('sh', 'a notification brings locales of its own', async () => {
    const [sent] = codeOf('## Texts of a notification’s own', 'sh');
    const { id } = JSON.parse(await run(sent));
    expect((await api.call('GET', `/v1/notifications/${id}`)).body).toMatchObject({ title: 'Goal! Hamburg 2:1' });
  });
});
