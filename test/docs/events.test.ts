import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVENT_TYPES } from '../../src/domain/event/outbox-event.ts';
import { createListener } from '../../src/http/listener.ts';
import { addressOf, closeServer, listen } from '../../src/service/server.ts';
import { type Api, SECRET, startApi } from '../support/api.ts';
import { interpret, itInterprets } from '../support/interpreters.ts';
import { LISTEN } from '../support/raw-http.ts';
import { sampleSubscription } from '../support/samples.ts';
import { codeUnder } from './markdown-code.ts';

const codeOf = (heading: string, language: string): string[] =>
  codeUnder('events.md', heading)
    .filter((block) => block.language === language)
    .map(({ code }) => code);

describe('docs/events.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-events-'));
  let api: Api;
  let server: Server;
  const stopping = new AbortController();
  beforeAll(async () => {
    api = await startApi({ stopping: stopping.signal });
    server = await listen(createListener(api.app, api.parts), LISTEN);
    await api.store.subscriptions.register(sampleSubscription());
  });
  afterAll(async () => {
    stopping.abort();
    await closeServer(server);
    await api.dispose();
    rmSync(folder, { recursive: true });
  });

  const run = async (code = ''): Promise<string> =>
    (await interpret('sh', `set -eu\n${code}`, { folder, environment: { BELLHOP: addressOf(server), SECRET } })).stdout;

  itInterprets('sh', 'reads a page, and the stream', async () => {
    const [shown] = codeOf('## Reading', 'json').map((code) => JSON.parse(code));
    const page = JSON.parse(await run(codeOf('## Reading', 'sh')[0]));
    expect(Object.keys(page)).toEqual(Object.keys(shown));
    expect(Object.keys(page.items[0])).toEqual(Object.keys(shown.items[0]));
    const [event, type] = codeOf('## As a stream', 'text')[0]!.split('\n').slice(2);
    const stream = await run(codeOf('## As a stream', 'sh')[0]);
    expect(stream).toContain(`: here\n\n${event}\n${type}\ndata: {"sequence":1,`);
  });

  it.each(EVENT_TYPES)('shows %s', (type) => {
    expect(JSON.parse(codeOf(`### \`${type}\``, 'json')[0]!)).toBeTypeOf('object');
  });
});
