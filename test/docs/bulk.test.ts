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

describe('the example of notifications in bulk in docs/http.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-bulk-docs-'));
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

  itInterprets('sh', 'gives what the page shows, and is repeated by sending it again', async () => {
    const [example] = codeUnder('http.md', '### `POST /v1/notifications/bulk`');
    const code = `set -eu\n${example?.code}`;
    const run = async () => {
      const { stdout } = await interpret('sh', code, { folder, environment: { BELLHOP: addressOf(server), SECRET } });
      return stdout.trim().split('\n');
    };
    const shown = [...(example?.code ?? '').matchAll(/^# (\{.*\})$/gm)].map(([, line = '']) => line);
    // Ids differ, and of the problem the page shows the begin.
    const begin = (line: string): string => line.replace(/"id":"ntf_\w+"/, '"id":"ntf_..."').slice(0, 70);
    expect((await run()).map(begin)).toEqual(shown.map(begin));
    expect((await run()).map((line) => JSON.parse(line).status)).toEqual(['repeated', 'repeated', 'refused']);
  });
});
