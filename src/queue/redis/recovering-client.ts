import { redisFaultOf } from '../../domain/redis-fault.ts';
import { type BeeQueueSettings, clientOptionsOf, PlainRedisClient } from './bee-queue-library.ts';
import type { RedisClient as RedisClientPort } from './redis-command.ts';

/** The most that a connection takes from dialling until Redis lets it work: a server that hangs, loads or follows is left then. */
const READY_LIMIT_MS = 5000;
/** What was refused so long ago no longer slows the next connection. */
const FORGOTTEN_AFTER_MS = 10_000;
const LONGEST_WAIT_MS = 1000;
const FIRST_WAIT_MS = 100;

export type RedisClientOptions = {
  readonly url: string;
  readonly tls?: object;
  /** False: a command fails at once while there is no connection. */
  readonly queuesOffline: boolean;
  /** No connection is made any more once this is aborted. */
  readonly signal?: AbortSignal;
};

/**
 * A redis@3 client that makes its connection anew where a server cannot do its work and another one might: redis@3 would stay with a
 * primary that became a replica, wait for ever behind a password that is refused, and give up after an hour. Each connection
 * that was refused makes the next one wait longer, a second at most, and no two clients wait alike.
 * bee-queue knows a client by the name of its class.
 */
class RedisClient extends PlainRedisClient {
  private readonly given: RedisClientOptions;
  private refusals = 0;
  private refusedAtMs = Number.NEGATIVE_INFINITY;

  constructor(given: RedisClientOptions) {
    super(clientOptionsOf(settingsOf(given)));
    this.given = given;
    this.options.retry_strategy = ({ attempt }) => {
      if (given.signal?.aborted) return new Error('closed');
      // After an hour's worth of waits redis@3 would connect no more.
      this.retry_totaltime = 0;
      const longestMs = Math.min(Math.max(attempt, this.refusals) * FIRST_WAIT_MS, LONGEST_WAIT_MS);
      return Math.ceil((longestMs * (1 + Math.random())) / 2);
    };
  }

  override create_stream(): void {
    super.create_stream();
    const { stream } = this;
    const timer = setTimeout(() => {
      if (this.stream !== stream || this.ready) return;
      // redis@3 asks a replica without its primary again and again, and tells nobody.
      if (this.server_info.master_link_status === 'down') this.emit('error', lostPrimary());
      this.refuse();
    }, READY_LIMIT_MS);
    timer.unref();
    stream.once('close', () => clearTimeout(timer));
  }

  override return_error(error: Error): void {
    super.return_error(error);
    if (redisFaultOf(error)?.isElsewhere) this.refuse();
  }

  /** As bee-queue calls it, for a connection of its own. */
  duplicate(): RedisClient {
    return new RedisClient(this.given);
  }

  private refuse(): void {
    if (this.closing || this.stream.destroyed) return;
    const nowMs = performance.now();
    this.refusals = nowMs - this.refusedAtMs < FORGOTTEN_AFTER_MS ? this.refusals + 1 : 1;
    this.refusedAtMs = nowMs;
    this.stream.destroy();
  }
}

export function makeRedisClient(options: RedisClientOptions): RedisClientPort {
  return new RedisClient(options);
}

/** As Redis itself would say it. */
function lostPrimary(): Error {
  return Object.assign(new Error('MASTERDOWN Link with MASTER is down'), { name: 'ReplyError' });
}

function settingsOf({ url, tls, queuesOffline }: RedisClientOptions): BeeQueueSettings {
  return {
    url,
    ...(tls === undefined ? {} : { tls }),
    enable_offline_queue: queuesOffline,
    // Given already at the first connection, so that a refused one is no `error` event. Set anew by the constructor.
    retry_strategy: () => FIRST_WAIT_MS,
  };
}
