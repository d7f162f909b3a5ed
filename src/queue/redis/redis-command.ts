import { AppError } from '../../domain/app-error.ts';

/** What Bellhop uses of a redis@3 client, the one that bee-queue brings. */
export type RedisClient = {
  readonly ready: boolean;
  readonly connected: boolean;
  readonly stream: { destroy(): void };
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

/** Rejects where the work takes longer: a hung Redis answers nothing at all, and redis@3 knows no time limit. */
export function withinLimit<Value>(work: Promise<Value>, limitMs: number): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(redisAway()), limitMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Redis cannot be reached: what was asked may be asked again. */
export function redisAway(): AppError {
  return new AppError(
    'store_unavailable',
    'Redis does not answer: check that it runs and that REDIS_URL leads there. Bellhop goes on by itself once it does.',
  );
}
