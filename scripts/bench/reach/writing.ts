import { Pool } from 'undici';
import { signedHeaders } from '../../signed-client.ts';
import { cpuMicrosOf } from '../process-usage.ts';
import { BENCH_SECRET, type ServiceUnderTest, startService } from '../service-under-test.ts';
import type { Sink } from '../sink.ts';
import { type Spread, spreadOf } from '../statistics.ts';
import { makeSubscribers } from '../subscribers.ts';
import { personId } from './people.ts';

/** What one kind of call did in all rounds. `ofUnknown`: of what it did, in the same round, where nothing is said of anybody. */
export type WritingRow = {
  readonly what: string;
  readonly perSecond: Spread;
  readonly cpuMicrosEach: Spread;
  readonly ofUnknown: Spread | null;
};
export type WritingFigures = readonly WritingRow[];

type Where = { readonly folder: string; readonly environment: Readonly<Record<string, string>> };

export type WritingOptions = {
  readonly sink: Sink;
  readonly rounds: number;
  readonly users: number;
  readonly written: number;
  /** Of each user something is said; of none of the same users is anything said. */
  readonly known: Where;
  readonly unknown: Where;
};

const AT_ONCE = 64;
/** The most that one call takes. */
const USERS_A_CALL = 10_000;
type Rate = { readonly perSecond: number; readonly cpuMicrosEach: number };

/** Registrations, and users who get a tag, a second: two services side by side, which take turns. */
export async function measureWriting(options: WritingOptions): Promise<WritingFigures> {
  const { sink, rounds, known, unknown } = options;
  const services = await Promise.all([startService({ sink, ...unknown }), startService({ sink, ...known })]);
  const [before, after] = services;
  const registered: { readonly before: Rate; readonly after: Rate }[] = [];
  const tagged: Rate[] = [];
  try {
    // The first calls of a process are slow.
    for (const service of services) await register(service, sink, options.written / 2);
    for (let round = 0; round < rounds; round += 1) {
      const rateBefore = await register(before, sink, options.written);
      registered.push({ before: rateBefore, after: await register(after, sink, options.written) });
      tagged.push(await giveTag(after, `new-${round}`, options));
    }
  } finally {
    await Promise.all(services.map((service) => service.stop()));
  }
  return [
    rowOf(
      'registering, nothing said of anybody',
      registered.map((one) => one.before),
    ),
    {
      ...rowOf(
        'registering',
        registered.map((one) => one.after),
      ),
      ofUnknown: spreadOf(registered.map((one) => one.after.perSecond / one.before.perSecond)),
    },
    rowOf('giving a tag', tagged),
  ];
}

function rowOf(what: string, rates: readonly Rate[]): WritingRow {
  return {
    what,
    perSecond: spreadOf(rates.map(({ perSecond }) => perSecond)),
    cpuMicrosEach: spreadOf(rates.map(({ cpuMicrosEach }) => cpuMicrosEach)),
    ofUnknown: null,
  };
}

let newcomers = 0;

async function register(service: ServiceUnderTest, { origin }: Sink, count: number): Promise<Rate> {
  newcomers += 1;
  const bodies = makeSubscribers(origin, count, `newcomer-${newcomers}`).map(({ userId, subscription }) =>
    JSON.stringify({ user_id: userId, ...subscription }),
  );
  return rateOf(service, count, (pool) => callAll(pool, '/v1/subscriptions', bodies));
}

/** Users from all over the place, in calls of as many as are allowed. */
async function giveTag(service: ServiceUnderTest, tag: string, { users, written }: WritingOptions): Promise<Rate> {
  const count = Math.min(written * 10, users);
  const ids = Array.from({ length: count }, (_, index) => personId(Math.floor((index * users) / count)));
  const bodies: string[] = [];
  for (let start = 0; start < ids.length; start += USERS_A_CALL)
    bodies.push(JSON.stringify({ add: ids.slice(start, start + USERS_A_CALL) }));
  return rateOf(service, count, (pool) => callAll(pool, `/v1/tags/${tag}/users`, bodies));
}

async function rateOf(
  { pid, address }: ServiceUnderTest,
  count: number,
  work: (pool: Pool) => Promise<void>,
): Promise<Rate> {
  const pool = new Pool(address, { connections: AT_ONCE });
  const [cpuBefore, startedAtMs] = [cpuMicrosOf(pid), performance.now()];
  await work(pool);
  const seconds = (performance.now() - startedAtMs) / 1000;
  const cpuMicrosEach = (cpuMicrosOf(pid) - cpuBefore) / count;
  await pool.destroy();
  return { perSecond: count / seconds, cpuMicrosEach };
}

async function callAll(pool: Pool, path: string, bodies: readonly string[]): Promise<void> {
  const left = [...bodies];
  const one = async (): Promise<void> => {
    for (let body = left.pop(); body !== undefined; body = left.pop()) {
      const headers = { 'Content-Type': 'application/json', ...signedHeaders(BENCH_SECRET, 'POST', path, body) };
      const answer = await pool.request({ path, method: 'POST', headers, body });
      await answer.body.dump();
      if (answer.statusCode >= 300) throw new Error(`a call of ${path} was answered ${answer.statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}
