import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createListener } from '../../src/http/listener.ts';
import { addressOf, closeServer, listen } from '../../src/service/server.ts';
import { type Api, SECRET, startApi } from '../support/api.ts';
import { interpret, itInterprets } from '../support/interpreters.ts';
import { LISTEN } from '../support/raw-http.ts';
import { codeUnder } from './markdown-code.ts';

const codeOf = (heading: string, language: string): string[] =>
  codeUnder('scheduling.md', heading)
    .filter((block) => block.language === language)
    .map(({ code }) => code);

describe('docs/scheduling.md, in the order of its examples', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-scheduling-'));
  let api: Api;
  let server: Server;
  beforeAll(async () => {
    api = await startApi();
    // The page reckons with the clock of its reader.
    api.clock.advance(Date.now() - api.clock.now());
    server = await listen(createListener(api.app, api.parts), LISTEN);
    for (const user of ['ada', 'bob']) await api.register(user);
  });
  afterAll(async () => {
    await closeServer(server);
    await api.dispose();
    rmSync(folder, { recursive: true });
  });

  const run = async (code = ''): Promise<unknown> =>
    JSON.parse(
      (await interpret('sh', `set -eu\n${code}`, { folder, environment: { BELLHOP: addressOf(server), SECRET } }))
        .stdout,
    );

  itInterprets('sh', 'an instant is taken', async () => {
    expect(await run(codeOf('## Sending later', 'sh')[0])).toMatchObject({ status: 'scheduled', user_count: 2 });
  });

  itInterprets('sh', 'a local time is taken, and called off', async () => {
    expect(await run(codeOf('## By the clock of each user', 'sh')[0])).toMatchObject({ status: 'scheduled' });
    const [answer] = codeOf('## Calling it off', 'json').map((code) => JSON.parse(code) as object);
    expect(await run(codeOf('## Calling it off', 'sh')[0])).toMatchObject(answer!);
  });

  it('has an example in each of its languages', () => {
    expect(codeUnder('scheduling.md', '## Calling it off').map(({ language }) => language)).toEqual(['sh', 'json']);
  });
});
