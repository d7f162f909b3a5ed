import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RECEIPT_EVENTS } from '../../../src/domain/receipt/receipt.ts';
import type { Store } from '../../../src/store/store.ts';
import { type Api, startApi } from '../../support/api.ts';

const SITE = 'https://app.example.com';
let api: Api;
let untold: Api;

beforeAll(async () => {
  api = await startApi({ tracking: RECEIPT_EVENTS, clickedSiteUrl: SITE });
  untold = await startApi({});
});
afterAll(() => Promise.all([api.dispose(), untold.dispose()]));

/** A delivery, and the token that its device has. */
const delivered = async (overrides: Record<string, unknown> = {}, on = api) => {
  const subscription = await on.register('ada');
  const { id } = await on.notify(['ada'], overrides);
  const delivery = await on.deliver(id, subscription, 'delivered');
  const token = on.receiptTokens.make(delivery.id) ?? '';
  return { id, deliveryId: delivery.id, token };
};
const tell = (receipts: readonly object[], on = api) =>
  on.call('POST', '/v1/receipts', { sign: 'none', json: { receipts } });
const countsOf = async (id: string, on = api) => (await on.call('GET', `/v1/notifications/${id}`)).body.receipts;
const NOTHING = { shown: 0, clicked: 0, closed: 0, actions: {}, is_counting: false };

describe('POST /v1/receipts', () => {
  it('keeps each once, needs no key, and shows it with the delivery and counted with the notification', async () => {
    const { id, deliveryId, token } = await delivered({ actions: [{ action: 'open', title: 'Open' }] });
    const at = new Date(api.clock.now()).toISOString();
    const click = { token, event: 'clicked', action: 'open', at };
    expect((await tell([click])).body).toEqual({ kept: 1, repeated: 0, ignored: 0 });
    expect((await tell([click, { token, event: 'shown' }, { token, event: 'closed' }])).body).toEqual({
      kept: 1,
      repeated: 2,
      ignored: 0,
    });
    expect(await countsOf(id)).toEqual({ shown: 1, clicked: 1, closed: 1, actions: { open: 1 }, is_counting: false });
    const { body } = await api.call('GET', `/v1/deliveries/${deliveryId}`);
    expect(body.receipts).toEqual([
      { event: 'shown', action: null, at },
      { event: 'clicked', action: 'open', at },
      { event: 'closed', action: null, at },
    ]);
  });

  it('keeps a click with a button that the notification has not as one without', async () => {
    const { id, token } = await delivered();
    await tell([{ token, event: 'clicked', action: 'made-up' }]);
    expect(await countsOf(id)).toEqual({ shown: 1, clicked: 1, closed: 0, actions: {}, is_counting: false });
  });

  it('changes nothing for tokens that are forged, cut or of another server, and reads no store for them', async () => {
    const { id, token } = await delivered();
    const { token: foreign } = await delivered({}, untold);
    const forged = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    const bad = [forged, token.slice(0, -1), foreign.replace(/.$/, ''), 'x', `${token}A`];
    const answer = await tell(bad.map((each) => ({ token: each, event: 'shown' })));
    expect(answer.body).toEqual({ kept: 0, repeated: 0, ignored: bad.length });
    expect(await countsOf(id)).toEqual(NOTHING);
  });

  it('keeps what the server, the type and the request all ask for, and `[]` of any of them is nothing', async () => {
    const all = (token: string) => RECEIPT_EVENTS.map((event) => ({ token, event }));
    const none = await delivered({ tracking: [] });
    expect((await tell(all(none.token))).body.ignored).toBe(3);
    expect((await api.call('GET', `/v1/notifications/${none.id}`)).body).toMatchObject({
      tracking: [],
      receipts: NOTHING,
    });
    const some = await delivered({ tracking: ['clicked'] });
    expect((await tell(all(some.token))).body).toEqual({ kept: 1, repeated: 0, ignored: 2 });
    expect(await countsOf(some.id)).toEqual({ ...NOTHING, clicked: 1 });
    const before = await delivered({ type: 'quiet.news' });
    const rule = { tracking: [] };
    expect((await api.call('PUT', '/v1/types/quiet.*', { json: rule })).body).toMatchObject(rule);
    api.clock.advance(2000);
    // Also where the pushes are out already.
    expect((await tell(all(before.token))).body.ignored).toBe(3);
    const after = await delivered({ type: 'quiet.news', tracking: RECEIPT_EVENTS });
    expect((await api.call('GET', `/v1/notifications/${after.id}`)).body.tracking).toEqual([]);
  });

  it('leaves no trace where TRACKING is none, whatever is asked and told', async () => {
    const { id, deliveryId, token } = await delivered({ tracking: RECEIPT_EVENTS }, untold);
    const answer = await tell(
      RECEIPT_EVENTS.map((event) => ({ token, event })),
      untold,
    );
    expect(answer.body).toEqual({ kept: 0, repeated: 0, ignored: 3 });
    expect((await untold.store.notifications.get(id))?.content).not.toHaveProperty('tracking');
    expect(await untold.store.receipts.ofDelivery(deliveryId)).toEqual([]);
    expect([...(await untold.store.receipts.counts(id))]).toEqual([]);
  });

  it('asks no store where TRACKING is none, and payloads have no token: so none has a trace', async () => {
    const asked: string[] = [];
    const watched = <Part extends object>(name: string, part: Part): Part =>
      new Proxy(part, {
        get(target, method) {
          asked.push(`${name}.${String(method)}`);
          return Reflect.get(target, method);
        },
      });
    const none = await startApi({
      wrapStore: (store) =>
        Object.fromEntries(
          Object.entries(store).map(([name, part]) => [name, typeof part === 'object' ? watched(name, part) : part]),
        ) as Store,
    });
    const { id, token } = await delivered({ tracking: RECEIPT_EVENTS }, none);
    const notification = await none.store.notifications.get(id);
    expect(notification?.content).toEqual(expect.not.objectContaining({ tracking: expect.anything() }));
    asked.length = 0;
    await tell(
      RECEIPT_EVENTS.map((event) => ({ token, event })),
      none,
    );
    expect(asked).toEqual([]);
    await none.dispose();
  });

  it('believes no time before the notification or after now', async () => {
    const { deliveryId, token } = await delivered();
    const now = new Date(api.clock.now()).toISOString();
    await tell([
      { token, event: 'shown', at: '2001-01-01T00:00:00Z' },
      { token, event: 'closed', at: '2199-01-01T00:00:00Z' },
    ]);
    const { body } = await api.call('GET', `/v1/deliveries/${deliveryId}`);
    expect(body.receipts.map(({ at }: { at: string }) => at)).toEqual([now, now]);
  });

  it('takes thirty of one delivery at once, and then one a minute', async () => {
    const { token } = await delivered();
    for (let call = 0; call < 30; call += 1) expect((await tell([{ token, event: 'shown' }])).status).toBe(200);
    const refused = await tell([{ token, event: 'shown' }]);
    expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
    expect(refused.headers.get('retry-after')).toBe('60');
  });

  it.each([
    [{ receipts: [] }, 'receipts'],
    [{ receipts: [{ token: 'x', event: 'seen' }] }, 'receipts[0].event'],
    [{ receipts: Array.from({ length: 51 }, () => ({ token: 'x', event: 'shown' })) }, 'receipts'],
  ])('refuses %j by name', async (json, path) => {
    const answer = await api.call('POST', '/v1/receipts', { sign: 'none', json });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request', issues: [{ path }] } });
  });
});

describe('GET /v1/receipts/click', () => {
  const follow = (query: Record<string, string>) =>
    api.call('GET', `/v1/receipts/click?${new URLSearchParams(query)}`, { sign: 'none' });

  it('tells of the click, and leads to the page', async () => {
    const { id, token } = await delivered({ actions: [{ action: 'open', title: 'Open' }] });
    const answer = await follow({ token, action: 'open', to: `${SITE}/orders/42?a=1` });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, `${SITE}/orders/42?a=1`]);
    expect(await countsOf(id)).toEqual({ shown: 1, clicked: 1, closed: 0, actions: { open: 1 }, is_counting: false });
  });

  it('leads to the page with a token that is not good, and to no other site', async () => {
    const at = async (to: string) => (await follow({ token: 'forged', to })).headers.get('location');
    expect(await at(`${SITE}/orders`)).toBe(`${SITE}/orders`);
    for (const to of ['https://evil.example/', `${SITE}.evil.example/`, 'javascript:alert(1)', '//evil.example', 'x'])
      expect(await at(to)).toBe(`${SITE}/`);
  });
});
