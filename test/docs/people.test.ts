import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SUPPRESSION_REASONS } from '../../src/domain/audience/release.ts';
import { createListener } from '../../src/http/listener.ts';
import { addressOf, closeServer, listen } from '../../src/service/server.ts';
import { type Api, SECRET, startApi } from '../support/api.ts';
import { interpret, itInterprets } from '../support/interpreters.ts';
import { LISTEN } from '../support/raw-http.ts';
import { codeUnder } from './markdown-code.ts';

/** The sections of docs/http.md whose calls need nothing but what the calls before them made. */
const SECTIONS = [
  '### `PATCH /v1/users/:user_id`',
  '### `GET /v1/users`',
  '### `POST /v1/users/:user_id/tags`',
  '### `POST /v1/tags/:tag/users`',
  '### `GET /v1/users/:user_id/explain`',
  '### `PUT /v1/types/:type`',
  '### `POST /v1/audiences/count`',
  '### `PUT /v1/segments/:key`',
  '### `PUT /v1/templates/:key`',
  '### `POST /v1/templates/:key/preview`',
  '### `POST /v1/notifications`',
];

const codeOf = (heading: string, language: string): string[] =>
  codeUnder('people.md', heading)
    .filter((block) => block.language === language)
    .map(({ code }) => code);

describe('docs/people.md, in the order of its examples', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-people-'));
  let api: Api;
  let server: Server;
  beforeAll(async () => {
    api = await startApi();
    server = await listen(createListener(api.app, api.parts), LISTEN);
    for (const user of ['ada', 'bob', 'bob']) await api.register(user);
  });
  afterAll(async () => {
    await closeServer(server);
    await api.dispose();
    rmSync(folder, { recursive: true });
  });

  const run = async (code = ''): Promise<string> =>
    (await interpret('sh', `set -eu\n${code}`, { folder, environment: { BELLHOP: addressOf(server), SECRET } })).stdout;

  itInterprets('sh', 'who got nothing of a notification is listed', async () => {
    const [said, sent, listed] = codeOf('## An example', 'sh');
    expect(await run(said)).not.toContain('"urn:bellhop:error:');
    const { id } = JSON.parse(await run(sent));
    expect((await api.call('GET', `/v1/notifications/${id}`)).body).toMatchObject({
      user_count: 3,
      suppressed: { no_subscription: 1, opted_out: 1 },
    });
    const { items } = JSON.parse(await run(listed));
    expect(items).toMatchObject([
      { user_id: 'bob', reason: 'opted_out', detail: { pattern: 'digest.*' } },
      { user_id: 'eve', reason: 'no_subscription' },
    ]);
  });

  itInterprets('sh', 'what is explained is what the page shows', async () => {
    const [call] = codeOf('## Explain', 'sh');
    const [shown = ''] = codeOf('## Explain', 'json');
    expect(JSON.parse(await run(call))).toMatchObject(JSON.parse(shown));
    const { sentence } = (await api.call('GET', '/v1/users/bob/explain?type=digest.daily')).body;
    const [ofBob = ''] = codeOf('## Explain', 'text');
    const withoutDay = (text: string): string => text.replace(/\d+ \w+ \d{4}/, 'DAY').trim();
    expect(withoutDay(sentence)).toBe(withoutDay(ofBob));
  });

  itInterprets('sh', 'an audience is counted', async () => {
    const [call] = codeOf('## Audiences', 'sh');
    expect(JSON.parse(await run(call))).toMatchObject({ users: 2, subscriptions: 2, is_at_least: false });
  });

  itInterprets('sh', 'the calls of docs/http.md about people are taken', async () => {
    for (const section of SECTIONS) {
      const calls = codeUnder('http.md', section).filter(({ language }) => language === 'sh');
      expect(calls.length, section).toBeGreaterThan(0);
      for (const { code } of calls) expect(await run(code), section).not.toContain('"urn:bellhop:error:');
    }
  });

  it('an expression that ends too early is refused as the page shows', async () => {
    const [shown = ''] = codeOf('## Audiences', 'json');
    const json = { tags: 'beta && !(trial' };
    expect((await api.call('POST', '/v1/audiences/count', { json })).body).toMatchObject(JSON.parse(shown));
  });

  it('names every reason at its gate', () => {
    const page = readFileSync(new URL('../../docs/people.md', import.meta.url), 'utf8');
    const reasons = [...page.matchAll(/^\| [a-z ]*\| `(\w+)` \|/gm)].map(([, reason]) => reason);
    expect(reasons).toEqual([...SUPPRESSION_REASONS]);
  });
});
