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
  const [sent, devices, everybody] = codeUnder('operations.md', '### Bob says he got nothing');
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

  const itemsOf = async (block: typeof sent): Promise<unknown[]> => {
    const environment = { BELLHOP: addressOf(server), SECRET };
    const { stdout } = await interpret('sh', block?.code ?? '', { folder, environment });
    return (JSON.parse(stdout) as { items: unknown[] }).items;
  };

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
});
