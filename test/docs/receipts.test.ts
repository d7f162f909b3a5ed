import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { RECEIPT_EVENTS } from '../../src/domain/receipt/receipt.ts';
import { createListener } from '../../src/http/listener.ts';
import { addressOf, closeServer, listen } from '../../src/service/server.ts';
import { type Api, SECRET, startApi } from '../support/api.ts';
import { interpret, itInterprets } from '../support/interpreters.ts';
import { LISTEN } from '../support/raw-http.ts';
import { codeUnder } from './markdown-code.ts';

const codeOf = (heading: string): string[] => codeUnder('receipts.md', heading).map(({ code }) => code);

describe('docs/receipts.md, in the order of its examples', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-receipts-'));
  let api: Api;
  let server: Server;
  beforeAll(async () => {
    api = await startApi({ tracking: RECEIPT_EVENTS });
    server = await listen(createListener(api.app, api.parts), LISTEN);
  });
  afterAll(async () => {
    await closeServer(server);
    await api.dispose();
    rmSync(folder, { recursive: true });
  });

  itInterprets('sh', 'what is asked for is told, kept and read', async () => {
    const environment: Record<string, string> = { BELLHOP: addressOf(server), SECRET };
    const run = async (code = ''): Promise<string> =>
      (await interpret('sh', `set -eu\n${code}`, { folder, environment })).stdout;
    const device = await api.register('ada');
    const [asked] = codeOf('## Switching them on');
    const printed = await run(asked);
    expect(printed).toContain('"tracking":[]');
    const id = /ntf_\w+/.exec(printed)?.[0] ?? '';
    const delivery = await api.deliver(id, device, 'delivered');
    environment.TOKEN = api.receiptTokens.make(delivery.id) ?? '';
    const [told] = codeOf('## How it works');
    expect(JSON.parse(await run(told))).toEqual({ kept: 1, repeated: 0, ignored: 0 });
    const [read] = codeOf('## Reading them');
    expect(JSON.parse(await run(read))).toMatchObject({
      tracking: ['shown', 'clicked'],
      receipts: { shown: 1, clicked: 1, closed: 0, actions: {}, is_counting: false },
    });
  });
});
