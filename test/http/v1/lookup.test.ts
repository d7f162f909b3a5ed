import { expect, it } from 'vitest';
import { startApi } from '../../support/api.ts';

it('leads from whatever text somebody has to what it names', async () => {
  const api = await startApi();
  const send = async (headers: Record<string, string>, keyId = 'default') => {
    const json = { type: 'note', title: 'x', user_ids: ['ada'] };
    const secret = keyId === 'shop' ? { secret: 'secret-of-the-shop', keyId } : {};
    return (await api.call('POST', '/v1/notifications', { json, headers, ...secret })).body.id as string;
  };
  const found = async (q: string) => (await api.call('GET', `/v1/lookup?q=${encodeURIComponent(q)}`)).body.items;
  const mine = await send({ 'Idempotency-Key': 'order-42', 'X-Request-Id': 'trace.1' });
  const others = await send({ 'Idempotency-Key': 'order-42' }, 'shop');
  await send({});
  await api.register('trace.1');
  const notification = (id: string, by: string) => ({ kind: 'notification', id, by });
  const byKey = [mine, others].map((id) => notification(id, 'idempotency_key'));
  expect((await found('order-42')).toSorted((a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1))).toEqual(
    byKey,
  );
  expect(await found('trace.1')).toEqual([notification(mine, 'request_id'), { kind: 'user', id: 'trace.1', by: 'id' }]);
  await api.call('PATCH', '/v1/users/bob', { json: { locale: 'de' } });
  expect(await found('bob')).toEqual([{ kind: 'user', id: 'bob', by: 'id' }]);
  expect(await found('whe_01')).toEqual([{ kind: 'webhook_endpoint', id: 'whe_01', by: 'id' }]);
  expect(await found('bla_01')).toEqual([{ kind: 'bulk_action', id: 'bla_01', by: 'id' }]);
  expect([await found('nobody'), await found('x'.repeat(255))]).toEqual([[], []]);
  for (const query of ['', '?q=', `?q=${'x'.repeat(256)}`, '?q=a%00b', '?q=a&kind=user'])
    expect((await api.call('GET', `/v1/lookup${query}`)).body.code, query).toBe('invalid_request');
  await api.dispose();
});
