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

describe('the calls of docs/operations.md about a user who got nothing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-not-arrived-'));
  const [sent, suppressed, explained, devices, everybody] = codeUnder('operations.md', '### Bob says he got nothing');
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

  const answerOf = async (block: typeof sent): Promise<unknown> => {
    const environment = { BELLHOP: addressOf(server), SECRET };
    return JSON.parse((await interpret('sh', block?.code ?? '', { folder, environment })).stdout);
  };
  const itemsOf = async (block: typeof sent) => ((await answerOf(block)) as { items: unknown[] }).items;

  itInterprets('sh', 'tell nothing of one who has no device, and why of one whose push failed', async () => {
    await api.notify(['bob'], { title: 'Your invoice' });
    expect([await itemsOf(sent), await itemsOf(devices)]).toEqual([[], []]);
    const device = await api.register('bob');
    const { id } = await api.notify(['bob'], { title: 'Your invoice' });
    await api.deliver(id, device, 'failed');
    expect(await itemsOf(sent)).toMatchObject([
      { title: 'Your invoice', state: 'failed', reason: 'rejected', last_attempt: { number: 1 } },
    ]);
    expect(await itemsOf(devices)).toMatchObject([{ id: device.id, active: true, retired_reason: null }]);
    expect(await itemsOf(everybody)).toEqual([]);
  });

  itInterprets('sh', 'tell of one who wants none of it', async () => {
    await api.call('PATCH', '/v1/users/bob', { json: { preferences: { '*': false } } });
    const { id } = await api.notify(['bob'], { title: 'Your invoice' });
    expect(await itemsOf(suppressed)).toMatchObject([{ notification_id: id, reason: 'opted_out' }]);
    expect(await answerOf(explained)).toMatchObject({ sentence: expect.stringMatching(/^No: opted out of `\*` on /) });
  });
});
