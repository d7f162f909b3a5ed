import { Redis } from 'ioredis';
import { type RedisServer, startRedisServer } from '../../scripts/servers/redis-server.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';
import { until } from './until.ts';

/** A primary and its replica, behind one address that stays the same. */
export type RedisPair = {
  /** The stable address. */
  readonly url: string;
  readonly relay: TcpProxy;
  /** To the server that is the primary now, past the relay. */
  primary(): Redis;
  /** Makes the replica the primary, and the primary its replica. Where the address leads does not change. */
  switchRoles(): Promise<void>;
  /** Has new connections reach the primary. */
  moveAddress(): void;
  stop(): Promise<void>;
};

const ARGS = ['--repl-diskless-sync-delay', '0'];

/** Resolves when the replica has all that the primary has. */
export async function startRedisPair(): Promise<RedisPair> {
  const first = await startRedisServer({ args: ARGS });
  const second = await startRedisServer({ args: [...ARGS, '--replicaof', '127.0.0.1', String(first.port)] });
  const relay = await startTcpProxy({ port: first.port });
  const clients = new Map([first, second].map((server) => [server, new Redis(server.url)]));
  const of = (server: RedisServer): Redis => clients.get(server)!;
  let [primary, replica] = [first, second];
  const inStep = async (): Promise<void> => {
    await until('the replica is in step', async () => (await of(replica).info()).includes('master_link_status:up'));
  };
  await inStep();
  return {
    url: `redis://127.0.0.1:${relay.port}`,
    relay,
    primary: () => of(primary),
    async switchRoles() {
      [primary, replica] = [replica, primary];
      await of(primary).replicaof('NO', 'ONE');
      await of(replica).replicaof('127.0.0.1', primary.port);
    },
    moveAddress: () => relay.leadTo(primary.port),
    async stop() {
      for (const client of clients.values()) client.disconnect();
      await relay.close();
      await Promise.all([first.stop(), second.stop()]);
    },
  };
}
