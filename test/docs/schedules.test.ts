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

const codeOf = (heading: string): string[] =>
  codeUnder('scheduling.md', heading)
    .filter(({ language }) => language === 'sh')
    .map(({ code }) => code);

describe('docs/scheduling.md, about schedules, in the order of its examples', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-schedules-'));
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

  const run = async (code = '') =>
    JSON.parse(
      (await interpret('sh', `set -eu\n${code}`, { folder, environment: { BELLHOP: addressOf(server), SECRET } }))
        .stdout,
    );

  itInterprets('sh', 'one is kept, previewed, paused, and what came of it is listed', async () => {
    const [put, patch] = codeOf('## Schedules');
    // The samples begin on a Thursday, at midnight UTC.
    expect(await run(put)).toMatchObject({ key: 'weekday-morning', next_at: '2026-01-01T08:00:00.000Z' });
    const [preview] = codeOf('### Cron');
    const { items } = await run(preview);
    expect(items).toHaveLength(3);
    expect(items[0]).toMatchObject({
      at: '2027-03-28T01:30:00.000Z',
      local_time: '2027-03-28T03:30:00+02:00',
      shift: 'moved_by_gap',
    });
    api.clock.advance(Date.parse('2026-01-01T08:00:00.000Z') - api.clock.now());
    for (const schedule of await api.store.schedules.due(api.clock.now(), 5)) await api.occurrences.settle(schedule);
    const [list] = codeOf('### What came of each time');
    expect((await run(list)).items).toMatchObject([
      { status: 'sent', trigger: 'time', local_time: '2026-01-01T09:00:00' },
    ]);
    expect(await run(patch)).toMatchObject({ is_paused: true, next_at: null });
  });
});
