import { afterEach, expect, it } from 'vitest';
import { perMinute } from '../../../src/domain/rate-limit.ts';
import { type Api, type ApiOptions, browser, startApi } from '../../support/api.ts';

let api: Api;
afterEach(() => api.dispose());

const begin = async (options: ApiOptions = {}): Promise<void> => {
  api = await startApi(options);
};

async function tokenOf(userId: string): Promise<string> {
  return (await api.call('POST', '/v1/subscriber-tokens', { json: { user_id: userId, ttl_seconds: 86_400 } })).body
    .token;
}

/** Registers a browser as a page does. */
const register = (token: string, overrides: Record<string, unknown> = {}) =>
  api.call('POST', '/v1/subscriptions', {
    json: { ...browser(), ...overrides },
    sign: 'none',
    headers: { Authorization: `Bearer ${token}` },
  });

const times = <Value>(count: number, work: (index: number) => Promise<Value>): Promise<Value[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

it('with a token, so many a minute are taken, and the rest is told when to come again', async () => {
  await begin({ registrationLimit: perMinute(6) });
  const token = await tokenOf('ada');
  const answers = await times(1350, () => register(token));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(6);
  const refused = answers.filter(({ status }) => status !== 201);
  expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([429]));
  const [first] = refused;
  expect(first?.body).toMatchObject({ code: 'too_many_requests', retry_after_seconds: 10 });
  expect(first?.headers.get('retry-after')).toBe('10');
  api.clock.advance(9999);
  expect((await register(token)).headers.get('retry-after')).toBe('1');
  api.clock.advance(1);
  expect((await register(token)).status).toBe(201);
  expect((await register(token)).status).toBe(429);
});

it('what is refused for another reason counts, too, whichever token of the user it comes with', async () => {
  await begin({ registrationLimit: perMinute(4) });
  const token = await tokenOf('ada');
  await register(token, { endpoint: 'https://evil.example/x' });
  await register(token, { keys: { p256dh: 'AAAA', auth: 'AAAA' } });
  const given = browser();
  expect((await register(await tokenOf('ada'), given)).status).toBe(201);
  expect((await register(await tokenOf('ada'), given)).status).toBe(200);
  expect((await register(token, given)).body.code).toBe('too_many_requests');
});

it('costs no other user, no API key and no other call anything', async () => {
  await begin({ registrationLimit: perMinute(3) });
  const token = await tokenOf('ada');
  const [first] = await times(5, () => register(token));
  const { id } = first!.body;
  expect((await register(token)).status).toBe(429);
  expect((await register(await tokenOf('ben'))).status).toBe(201);
  const byKey = await times(20, () =>
    api.call('POST', '/v1/subscriptions', { json: { user_id: 'ada', ...browser() } }),
  );
  expect(new Set(byKey.map(({ status }) => status))).toEqual(new Set([201]));
  const headers = { Authorization: `Bearer ${token}` };
  expect((await api.call('GET', '/v1/subscriptions', { sign: 'none', headers })).status).toBe(200);
  expect((await api.call('DELETE', `/v1/subscriptions/${id}`, { sign: 'none', headers })).status).toBe(204);
});
