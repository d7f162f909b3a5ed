import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { createListener } from '../../src/http/listener.ts';
import { addressOf, closeServer, listen } from '../../src/service/server.ts';
import { createEvents } from '../../src/telemetry/emitter.ts';
import { createBulkWorker } from '../../src/upkeep/bulk-worker.ts';
import { type Api, SECRET, startApi } from '../support/api.ts';
import { interpret, itInterprets } from '../support/interpreters.ts';
import { LISTEN } from '../support/raw-http.ts';
import { codeUnder } from './markdown-code.ts';

const HEADING = '### Many dead letters at once';
const codeOf = (language: string): string[] =>
  codeUnder('operations.md', HEADING)
    .filter((block) => block.language === language)
    .map(({ code }) => code);

describe('docs/operations.md, many dead letters at once', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-bulk-actions-'));
  let api: Api;
  let server: Server;
  beforeAll(async () => {
    api = await startApi();
    server = await listen(createListener(api.app, api.parts), LISTEN);
    for (const user of ['ada', 'bob']) {
      const subscription = await api.register(user);
      await api.deliver((await api.notify([user])).id, subscription, 'failed');
    }
    api.clock.advance(1000);
  });
  afterAll(async () => {
    await closeServer(server);
    await api.dispose();
    rmSync(folder, { recursive: true });
  });

  const run = async (code = ''): Promise<{ id: string }> => {
    const environment = { BELLHOP: addressOf(server), SECRET };
    return JSON.parse((await interpret('sh', `set -eu\n${code}`, { folder, environment })).stdout) as { id: string };
  };

  itInterprets('sh', 'is planned, begun and done', async () => {
    const [plan, begin, look] = codeOf('sh');
    const [planned, done] = codeOf('json').map((code) => JSON.parse(code) as object);
    expect(await run(plan)).toEqual(planned);
    const { id } = await run(begin);
    const { store, clock } = api;
    const events = createEvents((error) => {
      throw error;
    });
    const worker = createBulkWorker({ store, clock, events, queue: { enqueueMany: async () => {} } });
    await worker.start();
    await worker.stop();
    expect(await run(look!.replace('bla_...', id))).toMatchObject(done!);
  });
});
