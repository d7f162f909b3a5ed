import { AppError } from '../../domain/app-error.ts';
import { redisFaultOf } from '../../domain/redis-fault.ts';

/** What Bellhop uses of a redis@3 client, the one that bee-queue brings. */
export type RedisClient = {
  readonly ready: boolean;
  readonly connected: boolean;
  readonly stream: { readonly destroyed: boolean; destroy(): void; once(event: 'close', listener: () => void): void };
  /** How often it has connected so far. */
  readonly times_connected: number;
  send_command(name: string, args: readonly (string | number)[], done: Done): boolean;
  batch(): { exec(done: Done): boolean };
  on(event: 'error' | 'ready', listener: (error: unknown) => void): void;
  end(flush: boolean): void;
};

export type Done = (error: Error | null, reply: unknown) => void;

/** The reply to what `ask` asks, as a promise. */
export function answered(ask: (done: Done) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    ask((error, reply) => (error === null ? resolve(reply) : reject(error)));
  });
}

/** Sends one command. Rejects where Redis has not answered within `limitMs`; the command may still be carried out. */
export function command(
  client: RedisClient,
  name: string,
  args: readonly (string | number)[],
  limitMs: number,
): Promise<unknown> {
  return withinLimit(
    answered((done) => client.send_command(name, args, done)),
    limitMs,
  );
}

/**
 * Rejects where the work takes longer: a hung Redis answers nothing at all, and redis@3 knows no time limit. What Redis refuses
 * rejects in words of ours.
 */
export function withinLimit<Value>(work: Promise<Value>, limitMs: number): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(redisAway()), limitMs);
    work.then(resolve, (error) => reject(inOurWords(error))).finally(() => clearTimeout(timer));
  });
}

/** A refusal of Redis, or a lost connection, as AppError `store_unavailable`, which says what to do; other errors as they are. */
export function inOurWords(error: unknown): unknown {
  const fault = redisFaultOf(error);
  if (fault !== null) return new AppError('store_unavailable', fault.words, {}, error);
  return error instanceof Error && error.name === 'AbortError' ? redisAway(error) : error;
}

/** Long enough for a slow Redis, and short enough that nothing of it stays there. */
const PROBE_KEPT_MS = 10_000;

/** Resolves once Redis has taken a write, which goes by itself. */
export async function probeWrite(client: RedisClient, limitMs: number): Promise<void> {
  await command(client, 'set', ['bellhop:ping', 1, 'PX', PROBE_KEPT_MS], limitMs);
}

/** Cuts a connection on which nothing is answered, so that it is made anew. */
export async function cutIfSilent(client: RedisClient, limitMs: number): Promise<void> {
  if (!client.connected) return;
  try {
    await command(client, 'ping', [], limitMs);
  } catch {
    if (client.connected) client.stream.destroy();
  }
}

/** Redis cannot be reached: what was asked may be asked again. */
export function redisAway(cause?: unknown): AppError {
  return new AppError(
    'store_unavailable',
    'Redis does not answer: check that it runs and that REDIS_URL leads there. Bellhop goes on by itself once it does.',
    {},
    cause,
  );
}
