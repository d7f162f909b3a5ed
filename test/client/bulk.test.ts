import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  BellhopError,
  type BulkNotification,
  type BulkNotificationResult,
  createClient,
} from '../../src/client/client.ts';

type Line = { readonly idempotency_key: string; readonly title: string };

/** What the server makes of a call: so many lines are answered, and then it is cut, or the next line cannot be taken now. */
type Move = { readonly answers: number; readonly ending: 'end' | 'cut' | 'away' | 'silence' };
const ALL: Move = { answers: Number.POSITIVE_INFINITY, ending: 'end' };

let server: Server;
let calls: (readonly Line[])[];
/** As a service does it: whatever came with the same key is known. */
let known: Map<string, string>;

const start = async (
  moves: readonly Move[],
  options: { readonly timeoutMs?: number; readonly maxRetries?: number } = {},
) => {
  calls = [];
  known = new Map();
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const lines = Buffer.concat(chunks)
      .toString()
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as Line);
    const move = moves[Math.min(calls.length, moves.length - 1)] ?? ALL;
    calls.push(lines);
    respond(response, lines, move);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return createClient({ url, secret: 'secret', retryBaseMs: 1, ...options });
};
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function respond(response: ServerResponse, lines: readonly Line[], { answers, ending }: Move): void {
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
  // A cut right after the head might come before it.
  response.flushHeaders();
  lines.forEach(({ idempotency_key: key, title }, at) => {
    if (at > answers) return;
    if (at === answers) {
      const problem = { status: 503, code: 'store_unavailable', detail: 'Away.', title: 'Away', request_id: 'r' };
      if (ending === 'away')
        response.write(`${JSON.stringify({ line: at + 1, status: 'failed', id: null, problem })}\n`);
      return;
    }
    const status = known.has(key) ? 'repeated' : title === 'bad' ? 'refused' : 'accepted';
    const id = known.get(key) ?? `ntf_${known.size}`;
    if (status === 'accepted') known.set(key, id);
    response.write(`${JSON.stringify({ line: at + 1, status, id, idempotency_key: key, warnings: [] })}\n`);
  });
  if (ending === 'cut') response.write('{"line":', () => response.destroy());
  else if (ending !== 'silence') response.end();
}

const note = (at: number, more: Partial<BulkNotification> = {}): BulkNotification => ({
  type: 't',
  title: `Number ${at}`,
  user_ids: ['u'],
  idempotency_key: `k${at}`,
  ...more,
});
const many = (count: number): BulkNotification[] => Array.from({ length: count }, (_, at) => note(at));
const all = async (results: AsyncIterable<BulkNotificationResult>): Promise<BulkNotificationResult[]> => {
  const found: BulkNotificationResult[] = [];
  for await (const result of results) found.push(result);
  return found;
};

describe('many notifications', () => {
  it('go out in calls of 500 lines, and each has its result, in order', async () => {
    const client = await start([ALL]);
    const found = await all(client.notifications.sendMany(many(1200)));
    expect(calls.map((lines) => lines.length)).toEqual([500, 500, 200]);
    expect(found.map(({ line, idempotency_key: key }) => [line, key])).toEqual(
      Array.from({ length: 1200 }, (_, at) => [at + 1, `k${at}`]),
    );
  });

  it('go out in calls that a signed body has room for', async () => {
    const client = await start([ALL]);
    const body = 'ü'.repeat(250_000);
    await all(client.notifications.sendMany([note(0), note(1, { body }), note(2, { body }), note(3)]));
    expect(calls.map((lines) => lines.length)).toEqual([2, 2]);
  });

  it('go on where the connection broke, and each is sent once', async () => {
    const client = await start([
      { answers: 3, ending: 'cut' },
      { answers: 0, ending: 'cut' },
      { answers: 4, ending: 'end' },
      ALL,
    ]);
    const found = await all(client.notifications.sendMany(many(10)));
    expect(calls.map((lines) => lines.map(({ idempotency_key: key }) => key).join())).toEqual([
      'k0,k1,k2,k3,k4,k5,k6,k7,k8,k9',
      'k3,k4,k5,k6,k7,k8,k9',
      'k3,k4,k5,k6,k7,k8,k9',
      'k7,k8,k9',
    ]);
    expect(found.map(({ line, status }) => [line, status])).toEqual(many(10).map((_, at) => [at + 1, 'accepted']));
  });

  it('go on where one cannot be taken now, or nothing comes any more', async () => {
    const client = await start([{ answers: 2, ending: 'away' }, { answers: 1, ending: 'silence' }, ALL], {
      timeoutMs: 300,
    });
    const found = await all(client.notifications.sendMany(many(5)));
    expect(found.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5]);
    expect(calls).toHaveLength(3);
  });

  it('reject once no try is left that got anything done', async () => {
    const client = await start(
      [
        { answers: 1, ending: 'cut' },
        { answers: 0, ending: 'away' },
      ],
      { maxRetries: 2 },
    );
    const found: BulkNotificationResult[] = [];
    const sending = async () => {
      for await (const result of client.notifications.sendMany(many(3))) found.push(result);
    };
    await expect(sending()).rejects.toMatchObject({ name: 'BellhopError', code: 'store_unavailable', status: 503 });
    expect([found.length, calls.length]).toEqual([1, 3]);
  });

  it('tell of one that is refused, and go on', async () => {
    const client = await start([ALL]);
    const found = await all(client.notifications.sendMany([note(0), note(1, { title: 'bad' }), note(2)]));
    expect(found.map(({ status }) => status)).toEqual(['accepted', 'refused', 'accepted']);
  });

  it('get a key of their own where they have none', async () => {
    const client = await start([{ answers: 1, ending: 'cut' }, ALL]);
    const { idempotency_key: _, ...keyless } = note(0);
    await all(client.notifications.sendMany([keyless, keyless]));
    const [first = [], second = []] = calls;
    expect(first.map(({ idempotency_key: key }) => key)).toEqual([
      expect.stringMatching(/^[0-9a-f-]{36}$/),
      second[0]?.idempotency_key,
    ]);
    expect(new Set(first.map(({ idempotency_key: key }) => key)).size).toBe(2);
  });

  it('that come slowly wait for no others, and are asked for no faster than results are taken', async () => {
    const client = await start([ALL]);
    let asked = 0;
    let isLetGo = false;
    async function* slowly(): AsyncGenerator<BulkNotification> {
      try {
        for (;;) {
          asked += 1;
          yield note(asked);
          if (asked > 3) await new Promise(() => {});
        }
      } finally {
        isLetGo = true;
      }
    }
    const results = client.notifications.sendMany(slowly());
    for (let line = 1; line <= 4; line += 1) expect((await results.next()).value).toMatchObject({ line });
    expect(asked).toBe(4);
    void results.return(undefined);
    expect(isLetGo).toBe(false);
  });

  it('end with the signal, and with what goes wrong where they come from', async () => {
    const client = await start([{ answers: 1, ending: 'silence' }]);
    const stop = new AbortController();
    const results = client.notifications.sendMany(many(2), { signal: stop.signal });
    await results.next();
    const next = results.next();
    stop.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
    const broken = async function* () {
      yield note(0);
      throw new Error('the source broke');
    };
    await expect(all(client.notifications.sendMany(broken()))).rejects.toThrow('the source broke');
  });

  it('reject where the whole call is refused', async () => {
    const client = await start([ALL]);
    server.removeAllListeners('request');
    server.on('request', (_, response) => {
      response.writeHead(401, { 'Content-Type': 'application/problem+json' });
      response.end(JSON.stringify({ code: 'bad_signature', detail: 'No.', status: 401 }));
    });
    const refused = await all(client.notifications.sendMany(many(1))).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(BellhopError);
    expect(refused).toMatchObject({ code: 'bad_signature', status: 401 });
  });
});
