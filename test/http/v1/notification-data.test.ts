import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { payloadOf } from '../../../src/domain/content/payload.ts';
import { inspectJson } from '../../../src/http/kit/json-body.ts';
import { type Api, browser, startApi } from '../../support/api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.dispose());

const send = (data: string) =>
  api.call('POST', '/v1/notifications', {
    body: `{"type":"t","title":"x","user_ids":["u1"],"data":${data}}`,
    headers: { 'Content-Type': 'application/json' },
  });
/** What the device would be sent. */
const sent = async (id: string) => {
  const notification = await api.store.notifications.get(id);
  return JSON.parse(payloadOf(notification!, null).text).data;
};

describe('data', () => {
  it.each([
    ['{"id":9007199254740993}', 'data.id'],
    ['{"order":{"lines":[{"id":1},{"id":-9007199254740993}]}}', 'data.order.lines[1].id'],
    ['{"price":0.1234567890123456789}', 'data.price'],
    ['{"tiny":1e-400}', 'data.tiny'],
    ['{"huge":1e400}', 'data.huge'],
  ])('%s is refused by name, with what to do', async (data, path) => {
    const answer = await send(data);
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(answer.body.issues).toEqual([{ path, message: expect.stringContaining('send it as a string') }]);
    expect(answer.text).not.toMatch(/9007199254740993|12345678/);
  });

  it.each([
    ['{"id":1,"id":2}', 'data.id'],
    ['{"a":{"\\u0069d":1,"id":1}}', 'data.a.id'],
    ['{},"data":{"a":1}', 'data'],
  ])('%s, which says a name twice, is refused by it', async (data, path) => {
    const answer = await send(data);
    expect(answer.body.issues).toEqual([{ path, message: 'is given more than once' }]);
  });

  it('is kept as it was given, whatever it is, and so it arrives', async () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 4 });
    const known = { constructor: 1, toJSON: 'x', hasOwnProperty: null, $where: 1, 'a.b': { $set: 0 }, '': 0 };
    await fc.assert(
      fc.asyncProperty(object, async (data) => {
        fc.pre(inspectJson(data).hazard === null);
        const text = JSON.stringify(data);
        const { status, body } = await send(text);
        expect(status).toBe(202);
        const shown = (await api.call('GET', `/v1/notifications/${body.id}`)).body.data;
        expect([JSON.stringify(shown), JSON.stringify(await sent(body.id))]).toEqual([text, text]);
      }),
      { numRuns: 60, examples: [[known as never]] },
    );
  });

  it('keeps the value of a number, not how it was written', async () => {
    const { body } = await send('{"a":1.0,"b":1e2,"c":-0,"d":0.10000000000000001,"e":12345678901234568}');
    expect(JSON.stringify(await sent(body.id))).toBe('{"a":1,"b":100,"c":0,"d":0.1,"e":12345678901234568}');
  });
});

describe('every other body', () => {
  it.each([
    ['/v1/subscriptions', JSON.stringify({ user_id: 'u1', ...browser() }).replace('{', '{"user_id":"u2",'), 'user_id'],
    [
      '/v1/subscriptions',
      JSON.stringify({ user_id: 'u1', ...browser(), expirationTime: 0 }).replace(':0,', ':1e400,'),
      'expirationTime',
    ],
    ['/v1/subscriber-tokens', '{"user_id":"u1","user_id":"u2"}', 'user_id'],
    ['/v1/subscriptions/remove', '{"endpoint":"https://push.example.net/a","endpoint":"x"}', 'endpoint'],
    ['/v1/deliveries/dlv_x/replay', '{"ttl_seconds":60.00000000000000000001}', 'ttl_seconds'],
  ])('of %s is refused for the same: %s', async (path, text, field) => {
    const answer = await api.call('POST', path, { body: text, headers: { 'Content-Type': 'application/json' } });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request', issues: [{ path: field }] } });
  });
});
