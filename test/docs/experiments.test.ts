import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { sayOf } from '../../src/domain/experiment/account.ts';
import { decide } from '../../src/domain/experiment/decision.ts';
import type { VariantResult } from '../../src/domain/experiment/experiment.ts';
import { rateInterval } from '../../src/domain/experiment/rate-interval.ts';
import { RECEIPT_EVENTS } from '../../src/domain/receipt/receipt.ts';
import { createListener } from '../../src/http/listener.ts';
import { addressOf, closeServer, listen } from '../../src/service/server.ts';
import { type Api, SECRET, startApi } from '../support/api.ts';
import { fanOutAt } from '../support/fan-out-at.ts';
import { interpret, itInterprets } from '../support/interpreters.ts';
import { LISTEN } from '../support/raw-http.ts';
import { codeUnder } from './markdown-code.ts';

const codeOf = (heading: string, language: string): string[] =>
  codeUnder('experiments.md', heading)
    .filter((block) => block.language === language)
    .map(({ code }) => code);

describe('docs/experiments.md, in the order of its examples', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-experiments-'));
  let api: Api;
  let server: Server;
  beforeAll(async () => {
    api = await startApi({ tracking: RECEIPT_EVENTS });
    server = await listen(createListener(api.app, api.parts), LISTEN);
    for (let user = 0; user < 20; user += 1) await api.register(`user-${user}`);
  });
  afterAll(async () => {
    await closeServer(server);
    await api.dispose();
    rmSync(folder, { recursive: true });
  });

  itInterprets('sh', 'sends two variants, reads what came of them, and tests first', async () => {
    const environment = { BELLHOP: addressOf(server), SECRET };
    const run = async (heading: string) => {
      const [code] = codeOf(heading, 'sh');
      return JSON.parse((await interpret('sh', `set -eu\n${code}`, { folder, environment })).stdout);
    };
    const { id } = await run('## Two ways to say it');
    await fanOutAt(api.store, { id, priority: 'normal' }, { nowMs: api.clock.now() });
    const [shown] = codeOf('## What came of it', 'json').map((code) => JSON.parse(code));
    const read = await run('## What came of it');
    expect(Object.keys(read)).toEqual(Object.keys(shown));
    expect(Object.keys(read.variants[0]).toSorted()).toEqual(Object.keys(shown.variants[0]).toSorted());
    expect(read.variants[0].users + read.variants[1].users).toBeGreaterThan(0);
    const tested = await run('## Testing first');
    expect(tested).toMatchObject({ status: 'scheduled' });

    const results = shown.variants.map((one: VariantResult & { clicked: number }) => ({
      ...one,
      successes: one.clicked,
    }));
    const decision = decide(results);
    expect(sayOf(decision, results, 'clicked')).toBe(shown.sentence);
    expect(decision).toEqual({ kind: 'open', usersNeeded: shown.users_needed });
    for (const { successes, delivered, rate, rate_from, rate_to } of results) {
      const { from, to } = rateInterval(successes, delivered, 0.025);
      expect([successes / delivered, from, to].map((share) => Number(share.toFixed(4)))).toEqual([
        rate,
        rate_from,
        rate_to,
      ]);
    }
  });
});
