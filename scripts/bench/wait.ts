import { setTimeout as wait } from 'node:timers/promises';
import { Pool } from 'undici';
import { signedHeaders } from '../signed-client.ts';
import { BENCH_SECRET, type ServiceUnderTest, startService } from './service-under-test.ts';
import type { Sink } from './sink.ts';
import { percentile, type Spread, spreadOf } from './statistics.ts';
import { makeSubscribers, type Subscriber } from './subscribers.ts';

/** How long pushes waited between acceptance and the push service, over the rounds. */
export type WaitFigures = {
  readonly name: string;
  /** Notifications a second that were asked for. */
  readonly perSecond: Spread;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
};

export type WaitOptions = {
  readonly sink: Sink;
  readonly rounds: number;
  readonly secondsEach: number;
  /** Browsers to send to; each gets one notification in each step, so that its arrival is known. */
  readonly subscribers: number;
};

const LOADS = [0.1, 0.5, 0.9];
const AT_ONCE = 64;

type Step = { readonly perSecond: number; readonly waitsMs: readonly number[] };

/** At a tenth, half and nine tenths of what the service delivers of notifications to one browser each. */
export async function measureWait(options: WaitOptions): Promise<readonly WaitFigures[]> {
  const { sink, rounds } = options;
  const service = await startService({ sink });
  const sender = senderTo(service, sink, makeSubscribers(sink.origin, options.subscribers));
  try {
    await service.register(sender.subscribers);
    // The first is a warm-up.
    await sender.asFastAsItGoes();
    const steps = new Map<string, Step[]>();
    for (let round = 0; round < rounds; round += 1) {
      const capacity = await sender.asFastAsItGoes();
      for (const load of LOADS) {
        const name = `${Math.round(load * 100)} % of capacity`;
        const step = await sender.steadily({ perSecond: capacity * load, seconds: options.secondsEach });
        steps.set(name, [...(steps.get(name) ?? []), step]);
      }
    }
    return [...steps].map(([name, all]) => figuresOf(name, all));
  } finally {
    await sender.close();
    await service.stop();
  }
}

export function figuresOf(name: string, steps: readonly Step[]): WaitFigures {
  return {
    name,
    perSecond: spreadOf(steps.map(({ perSecond }) => perSecond)),
    p50Ms: spreadOf(steps.map(({ waitsMs }) => percentile(waitsMs, 0.5))),
    p99Ms: spreadOf(steps.map(({ waitsMs }) => percentile(waitsMs, 0.99))),
  };
}

/** Sends notifications to one browser each, and knows when each reached the push service. */
export function senderTo({ address }: ServiceUnderTest, sink: Sink, subscribers: readonly Subscriber[]) {
  const pool = new Pool(address, { connections: AT_ONCE });
  const acceptedAtMs = new Map<string, number>();

  const send = async ({ userId, path }: Subscriber, priority: string): Promise<void> => {
    const body = JSON.stringify({ type: 'bench', title: 'Hello', user_ids: [userId], priority });
    const headers = { 'Content-Type': 'application/json', ...signedHeaders(BENCH_SECRET, 'POST', PATH, body) };
    const answer = await pool.request({ path: PATH, method: 'POST', headers, body });
    const accepted = (await answer.body.json()) as { accepted_at: string };
    if (answer.statusCode !== 202) throw new Error(`a notification was answered ${answer.statusCode}`);
    acceptedAtMs.set(path, Date.parse(accepted.accepted_at));
  };

  /** From acceptance, commit included, to the first octets at the push service. */
  const waits = async (to: readonly Subscriber[]): Promise<readonly number[]> => {
    const arrivals = await sink.arrivals();
    return to.map(({ path }) =>
      Math.max(0, (arrivals.get(path) ?? Number.NaN) - (acceptedAtMs.get(path) ?? Number.NaN)),
    );
  };

  return {
    subscribers,
    /** All of them, always with some under way; how many were delivered a second. */
    async asFastAsItGoes(): Promise<number> {
      await sink.forget();
      const startedAtMs = performance.now();
      let next = 0;
      const one = async (): Promise<void> => {
        for (let at = next++; at < subscribers.length; at = next++) await send(subscribers[at] as Subscriber, 'normal');
      };
      await Promise.all(Array.from({ length: AT_ONCE }, one));
      await sink.arrived(subscribers.length);
      return subscribers.length / ((performance.now() - startedAtMs) / 1000);
    },
    /** One after the other at a rate, whether or not the earlier ones are answered. Does not forget other pushes where told so. */
    async steadily(load: { perSecond: number; seconds: number; priority?: string; keep?: boolean }): Promise<Step> {
      if (load.keep !== true) await sink.forget();
      const to = subscribers.slice(0, Math.min(subscribers.length, Math.ceil(load.perSecond * load.seconds)));
      const startedAtMs = performance.now();
      const calls: Promise<void>[] = [];
      for (const [index, subscriber] of to.entries()) {
        const dueAtMs = startedAtMs + (index * 1000) / load.perSecond;
        while (performance.now() < dueAtMs) await wait(1);
        calls.push(send(subscriber, load.priority ?? 'normal'));
      }
      await Promise.all(calls);
      await sink.reached(to.map(({ path }) => path));
      return { perSecond: load.perSecond, waitsMs: await waits(to) };
    },
    close: () => pool.destroy(),
  };
}

const PATH = '/v1/notifications';
