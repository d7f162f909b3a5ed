import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, browser, SECRET, startApi } from '../../support/api.ts';
import { jwtOf } from '../../support/jwt.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.dispose());

const HALF = 'ada\ud83d';

describe('half a surrogate pair', () => {
  it.each([
    ['/v1/subscriptions', { user_id: HALF, ...browser() }, 'user_id'],
    ['/v1/subscriber-tokens', { user_id: HALF }, 'user_id'],
    ['/v1/notifications', { type: 't', title: 'x', user_ids: ['ada', HALF] }, 'user_ids[1]'],
  ])('is refused in a user id that %s is given, by the name of the field', async (path, json, field) => {
    const { status, body } = await api.call('POST', path, { json });
    expect(status).toBe(400);
    expect(body.issues).toEqual([{ path: field, message: expect.stringContaining('half a surrogate pair') }]);
  });

  it('is refused in a token, by the name of the claim', async () => {
    const headers = { Authorization: `Bearer ${jwtOf(SECRET, { sub: HALF })}` };
    const { status, body } = await api.call('GET', '/v1/subscriptions', { sign: 'none', headers });
    expect(status).toBe(401);
    expect(body).toMatchObject({ code: 'invalid_subscriber_token', detail: expect.stringContaining('“sub”') });
  });

  it.each(['ada%ED%A0%BD', 'ada%FF', '%C3'])('is refused in a query, as all that is not UTF-8: %s', async (text) => {
    const { status, body } = await api.call('GET', `/v1/subscriptions?limit=1&user_id=${text}`);
    expect(status).toBe(400);
    expect(body.issues).toEqual([{ path: 'user_id', message: 'is not valid UTF-8' }]);
  });

  it('is no matter where there is a whole pair', async () => {
    const { status } = await api.call('GET', '/v1/subscriptions?user_id=%F0%9F%94%94+%2B');
    expect(status).toBe(200);
  });
});
