import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/app-error.ts';
import { MAX_BODY_OCTETS } from '../../../src/http/kit/raw-body.ts';
import type { Store } from '../../../src/store/store.ts';
import { type Api, type ApiOptions, type CallOptions, SECRET, signatureOf, startApi } from '../../support/api.ts';

const PATH = '/v1/notifications/bulk';
const NDJSON = { 'Content-Type': 'application/x-ndjson' };

let api: Api;
const start = async (options: ApiOptions = {}): Promise<void> => {
  api = await startApi(options);
};
afterEach(() => api.dispose());

const line = (fields: object = {}): string =>
  JSON.stringify({ type: 'order.shipped', user_ids: ['ada'], title: 'On its way', ...fields });
const send = (body: string | Uint8Array, more: CallOptions = {}) =>
  api.call('POST', PATH, { ...more, body, headers: { ...NDJSON, ...more.headers } });
// biome-ignore lint/suspicious/noExplicitAny: what a line holds was checked against its schema.
type Results = any[];
const results = async (body: string | Uint8Array, more: CallOptions = {}): Promise<Results> => {
  const answer = await send(body, more);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
  return answer.text
    .split('\n')
    .filter(Boolean)
    .map((text) => JSON.parse(text));
};
const stored = async () => (await api.call('GET', '/v1/notifications?limit=200')).body.items as { id: string }[];
const failingAccept = (fail: (title: string) => void) => (store: Store) => ({
  ...store,
  notifications: {
    ...store.notifications,
    accept: async (acceptance: Parameters<Store['notifications']['accept']>[0]) => {
      fail(acceptance.notification.content.title);
      return store.notifications.accept(acceptance);
    },
  },
});

describe('notifications in bulk', () => {
  it('are accepted line by line, and are answered in order', async () => {
    await start();
    const body = `\ufeff${line({ idempotency_key: 'a' })}\r\n\n${line({ idempotency_key: 'b', title: 'Two' })}`;
    for (const sign of ['hmac', 'bearer'] as const) {
      const found = await results(body, { sign });
      const status = sign === 'hmac' ? 'accepted' : 'repeated';
      expect(found).toMatchObject([
        { line: 1, status, idempotency_key: 'a' },
        { line: 3, status, idempotency_key: 'b' },
      ]);
      expect((await stored()).map(({ id }) => id)).toEqual([found[1].id, found[0].id]);
    }
    expect(api.told.filter(({ type }) => type === 'notification.accepted')).toHaveLength(2);
  });

  it('are sent twice where a line that has no key is sent twice', async () => {
    await start();
    await results(line());
    expect(await results(line())).toMatchObject([{ status: 'accepted', idempotency_key: null }]);
    expect(await stored()).toHaveLength(2);
  });

  it('cost nothing but themselves where they are broken', async () => {
    await start();
    const good = (at: number): string => line({ idempotency_key: `good-${at}` });
    const broken: readonly (readonly [octets: string | Uint8Array, code: string, path?: string])[] = [
      ['{"type":', 'malformed_json'],
      ['nonsense', 'malformed_json'],
      [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'malformed_json'],
      ['[]', 'invalid_request', ''],
      ['null', 'invalid_request', ''],
      [line({ user_ids: [] }), 'invalid_request', 'user_ids'],
      [line({ colour: 'red' }), 'invalid_request', 'colour'],
      [line({ dry_run: false }), 'invalid_request', 'dry_run'],
      [line({ idempotency_key: '' }), 'invalid_request', 'idempotency_key'],
      [line({ idempotency_key: 7 }), 'invalid_request', 'idempotency_key'],
      [line({ idempotency_key: 'naïve' }), 'invalid_request', 'idempotency_key'],
      ['{"type":"a","type":"b","user_ids":["u"],"title":"t"}', 'invalid_request', 'type'],
      [line({ data: { n: 1 } }).replace('"n":1', '"n":12345678901234567890'), 'invalid_request', 'data.n'],
      [line({ data: { fill: 'x'.repeat(4000) } }), 'payload_too_large'],
      [line({ user_ids: undefined, audience: { tags: '&&' } }), 'invalid_audience'],
      ['x'.repeat(MAX_BODY_OCTETS + 1), 'body_too_large'],
      [line({ idempotency_key: 'good-0', title: 'Another' }), 'idempotency_key_reused'],
    ];
    const octets = broken.flatMap(([text], at) => [Buffer.from(`${good(at)}\n`), Buffer.from(text), Buffer.from('\n')]);
    const found = await results(Buffer.concat(octets), { sign: 'bearer' });
    expect(found.map((one) => one.line)).toEqual(broken.flatMap((_, at) => [2 * at + 1, 2 * at + 2]));
    broken.forEach(([, code, path], at) => {
      expect(found[2 * at]).toMatchObject({ status: 'accepted', idempotency_key: `good-${at}` });
      const { status, id, problem } = found[2 * at + 1];
      expect([status, id, problem.code], code).toEqual(['refused', null, code]);
      if (path !== undefined) expect(problem.issues).toContainEqual(expect.objectContaining({ path }));
    });
    expect(await stored()).toHaveLength(broken.length);
    expect(api.errors).toEqual([]);
  });

  it('have one key only once, the first line in the body being the first', async () => {
    await start();
    const found = await results(
      [
        line({ idempotency_key: 'a' }),
        line({ idempotency_key: 'a', title: 'Other' }),
        line({ idempotency_key: 'a' }),
      ].join('\n'),
    );
    expect(found.map(({ status }) => status)).toEqual(['accepted', 'refused', 'repeated']);
    expect(found[1].problem.code).toBe('idempotency_key_reused');
    expect(found[2].id).toBe(found[0].id);
    const single = await api.call('POST', '/v1/notifications', {
      json: JSON.parse(line()),
      headers: { 'Idempotency-Key': 'a' },
    });
    expect(single.body.code).toBe('idempotency_key_reused');
  });

  it('have ids in the order of the lines, by which a topic knows the newer one', async () => {
    await start();
    const lines = Array.from({ length: 300 }, (_, at) => line({ title: `Number ${at}`, topic: 'score' }));
    const ids = (await results(lines.join('\n'), { sign: 'bearer' })).map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted());
  });

  it('are none where there is nothing', async () => {
    await start();
    expect(await results('')).toEqual([]);
    expect(await results('\n \n', { sign: 'bearer' })).toEqual([]);
  });

  it('end at the first that the store cannot take now: the rest is to be sent again', async () => {
    let isAway = true;
    const fail = (title: string): void => {
      if (isAway && title === 'Away') throw new AppError('store_unavailable', 'The store is away.');
    };
    await start({ wrapStore: failingAccept(fail) });
    const lines = Array.from({ length: 1000 }, (_, at) =>
      line({ idempotency_key: `k${at}`, title: at === 5 ? 'Away' : 'Here' }),
    );
    const first = await results(lines.join('\n'), { sign: 'bearer' });
    expect(first.length).toBeLessThan(300);
    expect(first[5]).toMatchObject({
      line: 6,
      status: 'failed',
      id: null,
      problem: { code: 'store_unavailable', status: 503 },
    });
    expect(first.filter(({ status }) => status === 'failed')).toHaveLength(1);
    expect(api.errors.map(({ code }) => code)).toEqual(['store_unavailable']);
    isAway = false;
    const again = await results(lines.join('\n'), { sign: 'bearer' });
    expect(again).toHaveLength(1000);
    expect(again.filter(({ status }) => status === 'repeated')).toHaveLength(first.length - 1);
    expect(again[5].status).toBe('accepted');
  });

  it('go on after one at which something is wrong on our side', async () => {
    const fail = (title: string): void => {
      if (title === 'Defect') throw new Error('a defect');
    };
    await start({ wrapStore: failingAccept(fail) });
    const found = await results([line({ title: 'Defect' }), line({ title: 'Defect' }), line()].join('\n'));
    expect(found.map(({ status }) => status)).toEqual(['failed', 'failed', 'accepted']);
    expect(found[0].problem).toMatchObject({ code: 'internal_error', status: 500 });
    expect(api.errors).toHaveLength(1);
  });

  it.each([
    ['unsupported_media_type', 415, { headers: { 'Content-Type': 'application/json' } }],
    ['unsupported_media_type', 415, { headers: { 'Content-Encoding': 'gzip' } }],
    ['unsupported_media_type', 415, { headers: { 'Content-Type': 'application/x-ndjson; charset=latin1' } }],
    ['invalid_request', 400, { sign: 'bearer', headers: { 'Idempotency-Key': 'of-all' } }],
    ['missing_credentials', 401, { sign: 'none' }],
    ['bad_signature', 401, { secret: 'another' }],
    ['invalid_bearer_token', 401, { sign: 'bearer', secret: 'another' }],
    ['insufficient_scope', 403, { keyId: 'reads-only', secret: 'secret-that-reads-only' }],
    ['insufficient_scope', 403, { sign: 'bearer', secret: 'secret-that-reads-only' }],
  ] as const)('are refused as a whole: %s', async (code, status, more) => {
    await start();
    const answer = await send(line(), more);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(await stored()).toEqual([]);
  });

  it('take the other names of the form', async () => {
    await start();
    for (const type of ['application/ndjson', 'application/jsonl; charset=utf-8']) {
      expect(await results(line(), { headers: { 'Content-Type': type } })).toHaveLength(1);
    }
  });
});

describe('a signed body of more than 2 MiB', () => {
  const LINES = 60;
  const large = (): string =>
    Array.from({ length: LINES }, (_, at) =>
      line({ idempotency_key: `k${at}`, user_ids: Array.from({ length: 2500 }, (__, user) => `user-number-${user}`) }),
    ).join('\n');
  const digestOf = (body: string): string => createHash('sha256').update(body).digest('hex');

  it('needs its digest in the head', async () => {
    await start();
    expect(large().length).toBeGreaterThan(MAX_BODY_OCTETS);
    const { status, body } = await send(large());
    expect([status, body.code, body.detail]).toEqual([
      413,
      'body_too_large',
      expect.stringContaining('X-Content-SHA256'),
    ]);
  });

  it('is taken once it is known to have that digest', async () => {
    await start();
    const found = await results(large(), { headers: { 'X-Content-SHA256': digestOf(large()) } });
    expect(found.map(({ status }) => status)).toEqual(Array(LINES).fill('accepted'));
  });

  it.each([
    ['another digest than that of the body', (body: string) => digestOf(`${body} `)],
    ['no digest at all', () => 'sha-256'],
    ['a digest in capitals', (body: string) => digestOf(body).toUpperCase()],
  ])('is refused, and nothing of it looked at, with %s', async (_, digest) => {
    await start();
    const sent = digest(large());
    const timestamp = String(Math.floor(api.clock.now() / 1000));
    const signature = signatureOf({ timestamp, method: 'POST', path: PATH, body: large() });
    const headers = { 'X-Content-SHA256': sent, 'X-Timestamp': timestamp, 'X-Signature': signature };
    expect((await send(large(), { sign: 'none', headers })).body.code).toBe('bad_signature');
    expect(await stored()).toEqual([]);
  });

  it('is refused where somebody changed it on the way', async () => {
    await start();
    const changed = large().replace('On its way', 'Gotcha!!!!');
    const timestamp = String(Math.floor(api.clock.now() / 1000));
    const headers = {
      'X-Content-SHA256': digestOf(large()),
      'X-Timestamp': timestamp,
      'X-Signature': signatureOf({ secret: SECRET, timestamp, method: 'POST', path: PATH, body: large() }),
    };
    const { status, body } = await send(changed, { sign: 'none', headers });
    expect([status, body.code, body.detail]).toEqual([
      401,
      'bad_signature',
      expect.stringContaining('X-Content-SHA256'),
    ]);
    expect(await stored()).toEqual([]);
  });
});
