import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RedisServer, startRedisServer } from '../../scripts/servers/redis-server.ts';
import type { Coordination } from '../../src/coordination/coordination.ts';
import { createRedisCoordination } from '../../src/coordination/redis-coordination.ts';
import { coordinationContract } from '../contract/coordination-contract.ts';
import { describeWithRedis } from '../support/redis.ts';
import { startRedisPair } from '../support/redis-pair.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const ANSWER_WITHIN_MS = 2500;

describeWithRedis('coordination on Redis', () => {
  let server: RedisServer;
  const opened: Coordination[] = [];
  let troubles: unknown[];
  let probes = 0;
  const open = (url: string, leaseMs = 15_000): Coordination => {
    const coordination = createRedisCoordination({ url, leaseMs, onError: (error) => troubles.push(error) });
    opened.push(coordination);
    return coordination;
  };
  /** One whose connection is there: before that it takes itself for alone. */
  const connected = async (url: string, leaseMs?: number): Promise<Coordination> => {
    const coordination = open(url, leaseMs);
    const other = open(server.url);
    probes += 1;
    const probe = `probe ${probes}`;
    await until('both are connected, so that one of them does not lead', async () => {
      const leads = [await coordination.lead(probe), await other.lead(probe)];
      return leads.filter(Boolean).length === 1;
    });
    await other.close();
    return coordination;
  };

  beforeAll(async () => {
    server = await startRedisServer();
  });
  beforeEach(async () => {
    troubles = [];
    await server.restart();
  });
  afterEach(() => Promise.all(opened.splice(0).map((each) => each.close())));
  afterAll(() => server.stop());

  coordinationContract('Redis', async () => connected(server.url));

  it('lets one of many lead, and another once that one closes', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => connected(server.url)));
    const leads = await Promise.all(all.map((each) => each.lead('rescuer')));
    expect(leads.filter(Boolean)).toHaveLength(1);
    const leader = all[leads.indexOf(true)]!;
    const others = all.filter((each) => each !== leader);
    expect(await leader.lead('rescuer')).toBe(true);
    expect(await others[0]!.lead('sweeper')).toBe(true);
    await leader.close();
    expect(await others[1]!.lead('rescuer')).toBe(true);
    expect(await others[0]!.lead('rescuer')).toBe(false);
  });

  it('lets all know what each says of itself, until it closes or says nothing for so long', async () => {
    const [one, two, three] = await Promise.all([1, 2, 3].map(() => connected(server.url)));
    await Promise.all([one!.announce('one', 60_000), two!.announce('two', 60_000), three!.announce('three', 1)]);
    await until('the third is forgotten', async () => (await one!.announcements()).length === 2);
    expect(await one!.announcements()).toEqual(['one', 'two']);
    expect(await two!.announcements()).toEqual(['two', 'one']);
    await two!.close();
    expect(await one!.announcements()).toEqual(['one']);
  });

  it('knows itself alone where Redis is away, and takes nobody’s word it cannot read', async () => {
    const one = await connected(server.url);
    await one.announce('one', 60_000);
    const redis = new Redis(server.url);
    await redis.hset('bellhop:processes', 'stranger', 'no end');
    await redis.quit();
    expect(await one.announcements()).toEqual(['one']);
    await server.kill();
    expect(await one.announcements()).toEqual(['one']);
    await one.announce('still one', 60_000);
    expect(await one.announcements()).toEqual(['still one']);
    await server.restart();
  });

  it('lets another lead when the leader has been cut off for the length of its lease', async () => {
    const proxy = await startTcpProxy({ port: server.port });
    const leader = await connected(`redis://127.0.0.1:${proxy.port}`, 500);
    const other = await connected(server.url, 500);
    expect(await leader.lead('rescuer')).toBe(true);
    expect(await other.lead('rescuer')).toBe(false);
    proxy.blackHole();
    await until('the other leads', () => other.lead('rescuer'));
    await proxy.cut();
    await proxy.restore();
    await until('the first knows', async () => (await other.lead('rescuer')) && !(await leader.lead('rescuer')));
    await proxy.close();
  });

  it('lets all know of a pause, those that come later and those that missed it too', async () => {
    const [one, two] = [await connected(server.url), await connected(server.url)];
    const [origin, nowMs] = ['https://push.example.net', Date.now()];
    const knows = (each: Coordination, untilMs: number) => () => each.pausedUntilMs(origin, nowMs) === untilMs;
    await until('the other has heard', async () => {
      await one.pauseOrigin({ origin, untilMs: nowMs + 60_000 });
      return knows(two, nowMs + 60_000)();
    });
    await one.pauseOrigin({ origin, untilMs: nowMs + 90_000 });
    await until('the other has heard of the longer one', knows(two, nowMs + 90_000));
    await two.pauseOrigin({ origin, untilMs: nowMs + 10_000 });
    const late = await connected(server.url);
    await until('who came later has learnt of it', knows(late, nowMs + 90_000));
  });

  it('lets a spender have one burst at all processes together, and forgets it when the burst is back', async () => {
    const all = await Promise.all(Array.from({ length: 3 }, () => connected(server.url)));
    const limit = { burst: 5, refillMs: 200 };
    const nowMs = Date.now();
    const waits = await Promise.all(
      Array.from({ length: 30 }, (_, index) => all[index % 3]!.spend('one', limit, nowMs)),
    );
    expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(5);
    const redis = new Redis(server.url);
    expect((await redis.keys('bellhop:spent:*')).every((key) => !key.includes('one'))).toBe(true);
    await until('Redis has forgotten', async () => (await redis.keys('bellhop:spent:*')).length === 0);
    redis.disconnect();
  });

  it('subscribes once for each connection: nobody answers for a second, which ends the process when it is cut off', async () => {
    const [one, two] = [await connected(server.url), await connected(server.url)];
    const redis = new Redis(server.url);
    const subscribed = async (): Promise<number> =>
      Number(/cmdstat_subscribe:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
    /** Each hears what the other says, so both have subscribed. */
    const hear = async (origin: string): Promise<void> => {
      let untilMs = Date.now() + 60_000;
      for (const [from, to] of [[one, two] as const, [two, one] as const]) {
        const longerMs = untilMs + 1000;
        await until('the other has heard', async () => {
          untilMs = Math.max(untilMs, longerMs) + 1;
          await from.pauseOrigin({ origin, untilMs });
          return (to.pausedUntilMs(origin, Date.now()) ?? 0) > longerMs;
        });
      }
    };
    await hear('https://a.example.net');
    await redis.config('RESETSTAT');
    const killed = Number(await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub'));
    await until('both have subscribed again', async () => (await subscribed()) >= killed);
    await hear('https://b.example.net');
    expect([killed, await subscribed()]).toEqual([2, 2]);
    redis.disconnect();
  });

  it('agrees again, and hears of pauses, when a replica takes over behind a stable address', async () => {
    const pair = await startRedisPair();
    const [one, two] = [open(pair.url), open(pair.url)];
    const agree = (loop: string) =>
      until('one of two leads', async () => {
        const leads = [await one.lead(loop), await two.lead(loop)];
        return leads.filter(Boolean).length === 1;
      });
    const origin = 'https://push.example.net';
    let untilMs = Date.now() + 60_000;
    const hear = () =>
      until('the other has heard', async () => {
        untilMs += 1;
        await one.pauseOrigin({ origin, untilMs });
        return (two.pausedUntilMs(origin, Date.now()) ?? 0) > untilMs - 5;
      });
    await agree('before');
    await hear();
    await pair.switchRoles();
    pair.moveAddress();
    await agree('after');
    await hear();
    const subscribers = async () => Number((await pair.primary().pubsub('NUMSUB', 'bellhop:pauses'))[1]);
    await until('both listen to the primary', async () => (await subscribers()) === 2);
    await Promise.all([one, two].map((each) => each.close()));
    await pair.stop();
  }, 30_000);

  describe('with Redis away', () => {
    it.each([
      ['killed', () => server.kill()],
      ['frozen', () => server.pause()],
    ])('leads, in bounded time, when it is %s, tells it once, and agrees again afterwards', async (_, stop) => {
      const [one, two] = [await connected(server.url), await connected(server.url)];
      await stop();
      const startedAtMs = Date.now();
      expect(await Promise.all([one.lead('rescuer'), two.lead('rescuer')])).toEqual([true, true]);
      expect(Date.now() - startedAtMs).toBeLessThan(ANSWER_WITHIN_MS);
      server.resume();
      await server.restart();
      await until('one of two leads', async () => {
        const leads = [await one.lead('rescuer'), await two.lead('rescuer')];
        return leads.filter(Boolean).length === 1;
      });
      expect(troubles.length).toBeLessThanOrEqual(4);
    });

    it('lets each process have a burst of its own, in bounded time', async () => {
      const [one, two] = [await connected(server.url), await connected(server.url)];
      await server.kill();
      const limit = { burst: 2, refillMs: 60_000 };
      const startedAtMs = Date.now();
      for (const each of [one, two]) {
        const waits = await Promise.all([1, 2, 3].map(() => each.spend('ada', limit, startedAtMs)));
        expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(2);
      }
      expect(Date.now() - startedAtMs).toBeLessThan(ANSWER_WITHIN_MS);
      await server.restart();
    });

    it('closes in bounded time', async () => {
      const one = await connected(server.url);
      await one.lead('rescuer');
      await server.pause();
      const startedAtMs = Date.now();
      await one.close();
      expect(Date.now() - startedAtMs).toBeLessThan(ANSWER_WITHIN_MS);
      server.resume();
    });
  });
});
