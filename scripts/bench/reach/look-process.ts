import { systemClock } from '../../../src/clock.ts';
import type { Audience } from '../../../src/domain/audience/audience.ts';
import { createAudiences } from '../../../src/intake/audiences.ts';
import { createStandingRules } from '../../../src/store/standing-rules.ts';
import type { Store } from '../../../src/store/store.ts';
import { answerQuestions } from '../child.ts';
import { cpuMicrosOf, rssMibOf } from '../process-usage.ts';
import { percentile } from '../statistics.ts';
import { openStore, type Place } from './place.ts';

export type LookQuestion = {
  readonly place: Place;
  /** What else works for it: its time counts, too. */
  readonly serverPid: number | null;
  /** As many as were seeded. */
  readonly users: number;
  /** `everyone`, or an expression. */
  readonly audiences: readonly string[];
  readonly segments: Readonly<Record<string, string>>;
  /** As the fan-out of this store asks for them. */
  readonly pageSize: number;
  readonly repeats: number;
};

export type LookRow = {
  readonly audience: string;
  /** From the first page, of all repeats. */
  readonly pageP50Ms: number;
  readonly pageMaxMs: number;
  /** Processor time, with the server's. */
  readonly pageCpuMs: number;
  readonly countMs: number;
  readonly users: number;
  readonly isAtLeast: boolean;
};

/** Everyone, from the first page to the last. */
export type WalkFigures = {
  readonly users: number;
  readonly pages: number;
  readonly seconds: number;
  readonly pageP99Ms: number;
  readonly pageMaxMs: number;
  /** After each tenth of the way. */
  readonly rssMib: readonly number[];
};

export type LookReply = { readonly rows: readonly LookRow[]; readonly walk: WalkFigures };

const SERVER_ZONE = 'UTC';
const TENTHS = 10;

/** What audiences cost to look at, by the adapter that the service has. */
answerQuestions<LookQuestion>(async (question) => {
  const store = await openStore(question.place);
  for (const [key, text] of Object.entries(question.segments)) await store.segments.put(key, text);
  const rows: LookRow[] = [];
  for (const audience of question.audiences) rows.push(await lookAt(store, audience, question));
  const walk = await walkThrough(store, question);
  await store.close();
  return { rows, walk } satisfies LookReply;
});

async function lookAt(store: Store, name: string, { pageSize, repeats, serverPid }: LookQuestion): Promise<LookRow> {
  const rules = createStandingRules({ store, clock: systemClock });
  const audience = audienceNamed(name);
  const tookMs: number[] = [];
  const pids = [process.pid, ...(serverPid === null ? [] : [serverPid])];
  const cpuMicros = (): number => pids.reduce((sum, pid) => sum + cpuMicrosOf(pid), 0);
  const cpuBefore = cpuMicros();
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const query = { limit: pageSize, cursor: null, nowMs: Date.now(), serverZone: SERVER_ZONE };
    const startedAtMs = performance.now();
    await store.audiences.members({ ...query, audience: await rules.resolve(audience) });
    tookMs.push(performance.now() - startedAtMs);
  }
  const pageCpuMs = (cpuMicros() - cpuBefore) / 1000 / repeats;
  const { count } = createAudiences({ store, rules, clock: systemClock, serverZone: SERVER_ZONE });
  const startedAtMs = performance.now();
  const { users, isAtLeast } = await count(audience);
  const countMs = performance.now() - startedAtMs;
  const [pageP50Ms, pageMaxMs] = [percentile(tookMs, 0.5), percentile(tookMs, 1)];
  return { audience: name, pageP50Ms, pageMaxMs, pageCpuMs, countMs, users, isAtLeast };
}

function audienceNamed(name: string): Audience {
  return name === 'everyone' ? { kind: 'everyone', excludedIds: [] } : { kind: 'tags', text: name, excludedIds: [] };
}

async function walkThrough(store: Store, { users: total, pageSize: limit }: LookQuestion): Promise<WalkFigures> {
  const audience = { kind: 'everyone', excludedIds: [] } as const;
  const tookMs: number[] = [];
  const rssMib: number[] = [];
  const startedAtMs = performance.now();
  let [users, cursor]: [number, string | null] = [0, null];
  do {
    const pageAtMs = performance.now();
    const page = await store.audiences.members({ audience, cursor, limit, nowMs: Date.now(), serverZone: SERVER_ZONE });
    tookMs.push(performance.now() - pageAtMs);
    users += page.members.length;
    cursor = page.next;
    // As in the service, where each page has a turn of its own: what a turn leaves is freed after it.
    await new Promise(setImmediate);
    while (rssMib.length < TENTHS && users >= (total * (rssMib.length + 1)) / TENTHS)
      rssMib.push(rssMibOf(process.pid));
  } while (cursor !== null);
  const seconds = (performance.now() - startedAtMs) / 1000;
  const [pageP99Ms, pageMaxMs] = [percentile(tookMs, 0.99), percentile(tookMs, 1)];
  return { users, pages: tookMs.length, seconds, pageP99Ms, pageMaxMs, rssMib };
}
