import { afterEach, describe, expect, it } from 'vitest';
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

describe('more browsers of one user than are allowed', () => {
  const statesOf = async (userId: string): Promise<(string | null)[]> => {
    const path = `/v1/subscriptions?user_id=${userId}&include_inactive=true&limit=200`;
    const { items } = (await api.call('GET', path)).body;
    return items.map(({ retired_reason }: { retired_reason: string | null }) => retired_reason);
  };

  it('with a token, the one that was idle for longest is retired, and comes back with its next visit', async () => {
    await begin({ registrationLimit: perMinute(6000) });
    const token = await tokenOf('ada');
    const given = Array.from({ length: 21 }, () => browser());
    const ids: string[] = [];
    for (const one of given) {
      api.clock.advance(10);
      ids.push((await register(token, one)).body.id);
    }
    expect((await api.call('GET', `/v1/subscriptions/${ids[0]}`)).body).toMatchObject({
      active: false,
      retired_reason: 'crowded_out',
      retired_by: null,
    });
    const retired = { type: 'subscription.retired', subscriptionId: ids[0], userId: 'ada', reason: 'crowded_out' };
    expect(api.told.filter(({ type }) => type === 'subscription.retired')).toEqual([retired]);
    api.clock.advance(10);
    expect(await register(token, given[0])).toMatchObject({ status: 200, body: { id: ids[0], active: true } });
    expect((await api.call('GET', `/v1/subscriptions/${ids[1]}`)).body.active).toBe(false);
    expect((await statesOf('ada')).filter((reason) => reason === null)).toHaveLength(20);
  });

  it('with a token, a thousand registrations leave 20 active rows and 100 retired ones', async () => {
    await begin({ registrationLimit: perMinute(6000) });
    const token = await tokenOf('ada');
    await times(1000, () => register(token));
    const states = await statesOf('ada');
    expect(states.filter((reason) => reason === null)).toHaveLength(20);
    expect(states.filter((reason) => reason === 'crowded_out')).toHaveLength(100);
  });

  it('with an API key, all are kept, until a page of that user registers', async () => {
    await begin({ maxPerUser: 2 });
    await times(5, () => api.register('ada'));
    expect(await statesOf('ada')).toEqual([null, null, null, null, null]);
    await register(await tokenOf('ada'));
    expect((await statesOf('ada')).filter((reason) => reason === null)).toHaveLength(2);
  });
});
