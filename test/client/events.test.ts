import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { type Client, createClient } from '../../src/client/client.ts';
import type { EventQuery } from '../../src/client/events.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const SECRET = 'a-secret-of-the-shop-0123456789abc';

describe('events that the client follows', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-events-'));
  let service: ServiceProcess;
  let proxy: TcpProxy;
  let direct: Client;

  beforeAll(async () => {
    service = await startServiceProcess({ folder, environment: { API_KEYS: `shop:${SECRET}` } });
    proxy = await startTcpProxy({ port: Number(new URL(service.address).port) });
    direct = createClient({ url: service.address, secret: SECRET, keyId: 'shop' });
  });
  afterAll(async () => {
    await proxy.close();
    await service.stop('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });

  /** To nobody: it is completed, and its user suppressed, in the commit that accepts it. */
  const announce = () => direct.send({ type: 'a', title: 'x', user_ids: ['nobody'] });

  /** Follows by the proxy until `stop`, with all calls that were made. */
  const follow = (after: EventQuery['after'], through: (answer: Response) => Response = (answer) => answer) => {
    const calls: string[] = [];
    const watched = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
      calls.push(new Headers(init?.headers).get('accept') ?? 'page');
      return through(await fetch(input, init));
    };
    const url = `http://127.0.0.1:${proxy.port}`;
    const client = createClient({
      url,
      secret: SECRET,
      keyId: 'shop',
      retryBaseMs: 10,
      fetch: watched as typeof fetch,
    });
    const ended = new AbortController();
    const seen: number[] = [];
    let resyncs = 0;
    const onResync = () => {
      resyncs += 1;
    };
    const done = (async () => {
      for await (const { sequence } of client.events.follow({ after, everyMs: 20, signal: ended.signal, onResync }))
        seen.push(sequence);
    })().catch((error: unknown) => error);
    const stop = async () => {
      ended.abort(new Error('enough'));
      return done;
    };
    return { seen, calls, stop, resyncs: () => resyncs };
  };

  const upTo = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + 1 + index);
  const latest = async () => (await direct.events.list({ after: 'latest' })).next_after;
  const streams = (calls: readonly string[]) => calls.filter((accept) => accept === 'text/event-stream').length;

  it('come by the stream, each once and in order, also after connections that broke', async () => {
    for (let times = 0; times < 3; times += 1) await announce();
    const reader = follow(0);
    for (let cuts = 1; cuts <= 3; cuts += 1) {
      await until('the stream is open', () => streams(reader.calls) >= cuts);
      await announce();
      const last = await latest();
      await until('all were seen', () => reader.seen.at(-1) === last);
      await proxy.cut();
      await announce();
      await proxy.restore();
    }
    const last = await latest();
    await until('all were seen', () => reader.seen.at(-1) === last);
    const before = reader.calls.length;
    await until('it is quiet, by one stream', () => streams(reader.calls) >= 4);
    await announce();
    await until('news came', () => reader.seen.at(-1) === last + 2);
    // Nothing was asked for meanwhile.
    expect(reader.calls.length - before).toBeLessThanOrEqual(2);
    expect(await reader.stop()).toEqual(new Error('enough'));
    expect(reader.seen).toEqual(upTo(0, last + 2));
    await until('its connection is closed', () => proxy.connections() === 0 || streams(reader.calls) > 0);
  });

  it('come by asking again where a proxy lets no stream through, and from the latest on', async () => {
    const begin = await latest();
    const json = (answer: Response) =>
      /event-stream/.test(answer.headers.get('content-type') ?? '') ? new Response('{}', { status: 200 }) : answer;
    const reader = follow('latest', json);
    await until('it has asked twice', () => reader.calls.length >= 4);
    await announce();
    await announce();
    await until('all were seen', () => reader.seen.at(-1) === begin + 4);
    expect(await reader.stop()).toEqual(new Error('enough'));
    expect(reader.seen).toEqual(upTo(begin, begin + 4));
    expect([streams(reader.calls), reader.resyncs()]).toEqual([1, 0]);
  });

  it('say once that a number is of a later store', async () => {
    const last = await latest();
    const reader = follow(last + 1000);
    await until('it begins anew', () => reader.seen.at(-1) === last);
    await announce();
    await until('it goes on', () => reader.seen.at(-1) === last + 2);
    await reader.stop();
    expect([reader.seen, reader.resyncs()]).toEqual([upTo(0, last + 2), 1]);
  });
});
