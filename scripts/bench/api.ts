import { setTimeout as wait } from 'node:timers/promises';
import { Pool } from 'undici';
import { signedHeaders } from '../signed-client.ts';
import { startChild } from './child.ts';
import { BENCH_SECRET, startService } from './service-under-test.ts';
import type { Sink } from './sink.ts';
import { percentile, type Spread, spreadOf } from './statistics.ts';

/** `ofBareRoute`: the rate beside that of a route that only parses and answers, for the same body. */
export type AcceptFigures = {
  readonly name: string;
  readonly perSecond: Spread;
  /** Of a signed call at half of what was reached. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly ofBareRoute: number | null;
};

export type ApiOptions = { readonly sink: Sink; readonly rounds: number; readonly secondsEach: number };

/** Calls under way: fewer, and each answer waits for a client that has gone to sleep, which is what would be measured. */
const AT_ONCE = 64;
const RECIPIENTS = [1, 100, 10_000];

/** Signed calls for users that have no browser: what accepting costs, and nothing else. */
export async function measureApi({ sink, rounds, secondsEach }: ApiOptions): Promise<readonly AcceptFigures[]> {
  const route = await startChild('bare-route-process.ts');
  const { port } = await route.ask<{ port: number }>({});
  const service = await startService({ sink });
  const [bare, ours] = [new Pool(`http://127.0.0.1:${port}`), new Pool(service.address)];
  const figures: AcceptFigures[] = [];
  try {
    for (const recipients of RECIPIENTS) {
      const body = bodyFor(recipients);
      const [bareRates, ourRates]: [number[], number[]] = [[], []];
      for (let round = 0; round < rounds; round += 1) {
        bareRates.push(await closedLoop(bare, body, secondsEach));
        ourRates.push(await closedLoop(ours, body, secondsEach));
      }
      const [bareRate, ourRate] = [spreadOf(bareRates), spreadOf(ourRates)];
      const latencies = await steadyLoad(ours, body, ourRate.median / 2, secondsEach);
      const users = `${recipients.toLocaleString('en')} recipient${recipients === 1 ? '' : 's'}`;
      figures.push(
        { name: `bare route, ${users}`, perSecond: bareRate, p50Ms: null, p99Ms: null, ofBareRoute: null },
        {
          name: `Bellhop, ${users}`,
          perSecond: ourRate,
          p50Ms: percentile(latencies, 0.5),
          p99Ms: percentile(latencies, 0.99),
          ofBareRoute: ourRate.median / bareRate.median,
        },
      );
    }
  } finally {
    await Promise.all([bare.destroy(), ours.destroy(), service.stop(), route.stop()]);
  }
  return figures;
}

export function bodyFor(recipients: number): string {
  const user_ids = Array.from({ length: recipients }, (_, index) => `nobody-${index}`);
  return JSON.stringify({ type: 'bench', title: 'Hello', user_ids });
}

const PATH = '/v1/notifications';

export async function accept(pool: Pool, body: string): Promise<void> {
  const headers = { 'Content-Type': 'application/json', ...signedHeaders(BENCH_SECRET, 'POST', PATH, body) };
  const answer = await pool.request({ path: PATH, method: 'POST', headers, body });
  await answer.body.dump();
  if (answer.statusCode !== 202) throw new Error(`a call was answered ${answer.statusCode}`);
}

/** As many as are answered by always keeping a few under way; a second. */
async function closedLoop(pool: Pool, body: string, seconds: number): Promise<number> {
  const startedAtMs = performance.now();
  const untilMs = startedAtMs + seconds * 1000;
  let done = 0;
  const one = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      await accept(pool, body);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return done / ((performance.now() - startedAtMs) / 1000);
}

/** Calls at a steady rate, whether or not the earlier ones are answered; how long each took from when it was due. */
export async function steadyLoad(
  pool: Pool,
  body: string,
  perSecond: number,
  seconds: number,
): Promise<readonly number[]> {
  const startedAtMs = performance.now();
  const latencies: number[] = [];
  const calls: Promise<void>[] = [];
  for (let index = 0; index < perSecond * seconds; index += 1) {
    const dueAtMs = startedAtMs + (index * 1000) / perSecond;
    while (performance.now() < dueAtMs) await wait(1);
    calls.push(accept(pool, body).then(() => void latencies.push(performance.now() - dueAtMs)));
  }
  await Promise.all(calls);
  return latencies;
}
