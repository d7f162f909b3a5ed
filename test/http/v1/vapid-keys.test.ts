import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AGING_FACT, createAgingCount } from '../../../src/domain/subscription/aging.ts';
import { type Api, browser, CURRENT_KEY, OLDER_KEY, SECRET, startApi } from '../../support/api.ts';
import { ConsoleVisitor } from '../../support/console-visitor.ts';
import { NOW_MS } from '../../support/samples.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

const register = (json: object) => api.call('POST', '/v1/subscriptions', { json: { user_id: 'ada', ...json } });
const progress = async () => (await api.call('GET', '/v1/push/vapid-keys')).body;

describe('the VAPID keys', () => {
  it('tell how far a rotation has come', async () => {
    const key = (public_key: string, active_subscriptions: number) => ({
      public_key,
      current: public_key === CURRENT_KEY,
      held: true,
      active_subscriptions,
      is_at_least: false,
    });
    expect(await progress()).toEqual({
      next_public_key: null,
      moved_percent: 100,
      moved_is_at_least: false,
      items: [key(CURRENT_KEY, 0), key(OLDER_KEY, 0)],
    });
    for (let made = 0; made < 5; made += 1) await register(browser());
    await register({ ...browser(), vapid_public_key: OLDER_KEY });
    expect(await progress()).toMatchObject({ moved_percent: 83, items: [key(CURRENT_KEY, 5), key(OLDER_KEY, 1)] });
  });

  it('show one whose private half is lost', async () => {
    const { body } = await register(browser());
    const kept = (await api.store.subscriptions.get(body.id))!;
    await api.store.subscriptions.register({ ...kept, vapidPublicKey: 'BLost' }, { isVapidKeyGiven: true });
    expect((await progress()).items[1]).toMatchObject({ public_key: 'BLost', held: false, active_subscriptions: 1 });
  });

  it('stay with a browser that registers again, whether it knows its key or not', async () => {
    const device = browser();
    const first = await register({ ...device, vapid_public_key: OLDER_KEY });
    expect(first.body.vapid_public_key).toBe(OLDER_KEY);
    expect((await register(device)).body).toMatchObject({ id: first.body.id, vapid_public_key: OLDER_KEY });
    expect((await register({ ...browser() })).body.vapid_public_key).toBe(CURRENT_KEY);
  });

  it.each([
    ['padded', `${OLDER_KEY}=`],
    ['in common base64', Buffer.from(OLDER_KEY, 'base64url').toString('base64')],
    ['in hexadecimal', Buffer.from(OLDER_KEY, 'base64url').toString('hex')],
    ['with white space', ` ${OLDER_KEY}\n`],
  ])('are understood %s, and answered as they are kept', async (_, vapid_public_key) => {
    const { status, body } = await register({ ...browser(), vapid_public_key });
    expect([status, body.vapid_public_key]).toEqual([201, OLDER_KEY]);
  });

  it('are not made anew where they are set elsewhere', async () => {
    const answer = await api.call('POST', '/v1/push/vapid-keys/rotate');
    expect(answer).toMatchObject({ status: 409, body: { code: 'vapid_key_set_elsewhere' } });
    const refusals = (await api.store.audit.after(0, 10)).map(({ action, refusal }) => [action, refusal]);
    expect(refusals).toEqual([
      ['rotateVapidKey', null],
      ['rotateVapidKey', 'vapid_key_set_elsewhere'],
    ]);
  });

  it('refuse a registration with one that is not held', async () => {
    const answer = await register({ ...browser(), vapid_public_key: 'BElsewhere' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'unknown_vapid_key' } });
    expect(answer.text).not.toContain('BElsewhere');
  });
});

describe('the aging forecast', () => {
  it('says so before anything was counted, then how many go stale and when, here and at the console', async () => {
    const forecast = async () => (await api.call('GET', '/v1/push/aging')).body;
    expect(await forecast()).toEqual({ counted_at: null, stale_after_days: 270, items: [] });
    const count = createAgingCount(NOW_MS);
    const endpoint = 'https://fcm.googleapis.com/fcm/send/x';
    for (const days of [300, 250, 0, 0]) {
      count.add({ endpoint, updatedAtMs: NOW_MS - days * 86_400_000, expirationAtMs: null });
    }
    await api.store.facts.replace(AGING_FACT, JSON.stringify(count.forecast()));
    const { counted_at, items } = await forecast();
    expect([counted_at, items[0]]).toEqual([
      new Date(NOW_MS).toISOString(),
      { push_service: 'fcm', overdue: 1, within_30_days: 1, within_90_days: 0, within_180_days: 0, later: 2 },
    ]);
    const visitor = new ConsoleVisitor(api);
    await visitor.post('sign-in', { secret: SECRET });
    expect((await visitor.get('services')).text).toContain('How many subscriptions will go stale, and when');
  });
});
