import { startChild } from './child.ts';
import type { SinkQuestion } from './sink-process.ts';

/** A push service in a process of its own that takes everything. */
export type Sink = {
  readonly origin: string;
  readonly port: number;
  readonly caPem: string;
  forget(): Promise<void>;
  /** Resolves once so many pushes have come since it last forgot, with when that was, in epoch milliseconds. */
  arrived(count: number): Promise<number>;
  /** Resolves once nobody is connected: what a process sent before it was killed has been read. */
  left(): Promise<void>;
  /** Resolves once each of these paths was called since. */
  reached(paths: readonly string[]): Promise<void>;
  /** When each path was first called, in epoch milliseconds. */
  arrivals(): Promise<ReadonlyMap<string, number>>;
  stop(): Promise<void>;
};

export async function startSink(): Promise<Sink> {
  const child = await startChild('sink-process.ts');
  const ask = <Reply>(question: SinkQuestion): Promise<Reply> => child.ask<Reply>(question);
  const { port, caPem } = await ask<{ port: number; caPem: string }>({ kind: 'where' });
  return {
    origin: `https://127.0.0.1:${port}`,
    port,
    caPem,
    forget: async () => void (await ask({ kind: 'forget' })),
    arrived: async (count) => (await ask<{ atMs: number }>({ kind: 'await', count })).atMs,
    left: async () => void (await ask({ kind: 'left' })),
    reached: async (paths) => void (await ask({ kind: 'reached', paths })),
    arrivals: async () => new Map((await ask<{ arrivals: [string, number][] }>({ kind: 'arrivals' })).arrivals),
    stop: child.stop,
  };
}
