import { createECDH } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Behaviour } from '../src/emulator/behaviour.ts';
import type { Emulator } from '../src/emulator/emulator.ts';
import type { SignedClient } from './signed-client.ts';

/** What may come of a push, a user for each, and what the console must say of it. */
export const CASES = [
  { userId: 'ada', state: 'delivered', says: 'Accepted by', remedy: null },
  {
    userId: 'grace',
    state: 'pruned',
    says: 'this subscription has ended',
    remedy: 'registers again on its next visit',
  },
  { userId: 'quinn', state: 'retrying', says: 'In quarantine', remedy: 'QUARANTINE_RETRY_HOURS' },
  { userId: 'mila', state: 'failed', says: 'Refused because of our key', remedy: 'Check VAPID_SUBJECT' },
  { userId: 'drew', state: 'failed', says: 'Refused by the push service', remedy: 'replay' },
  {
    userId: 'vera',
    state: 'failed',
    says: 'the subscription was made with another VAPID key',
    remedy: 'Bring the VAPID key pair it was made with back',
  },
  { userId: 'ezra', state: 'expired', says: 'deadline', remedy: 'Replay it with a new deadline' },
  { userId: 'noor', state: 'held', says: 'Held for the user’s quiet hours', remedy: 'sent when they end' },
  { userId: 'sam', state: 'cancelled', says: 'a newer notification with the same topic', remedy: null },
  { userId: 'cleo', state: 'cancelled', says: 'somebody called the notification off', remedy: null },
  { userId: 'mary', state: 'suppressed', says: 'the user had opted out', remedy: 'only the user changes that' },
  { userId: 'otto', state: 'suppressed', says: 'as many of these as the cap allows', remedy: 'Raise the cap' },
  { userId: 'theo', state: 'retrying', says: 'Throttled', remedy: 'tries again by itself' },
] as const;

/** Texts that would do harm if a page did anything with them but show them. */
export const HOSTILE = `<img src=x onerror="document.title='harmed'"><script>document.title='harmed'</script>"'&`;

type World = { readonly call: SignedClient; readonly pushService: Emulator };

const HOUR_MS = 3_600_000;
const PATIENCE_MS = 30_000;

/** Sends something to each user, and waits until it has come to what it comes to. Needs MAX_RETRIES and RETRY_BASE_MS that are short. */
export async function makeWorld({ call, pushService }: World): Promise<void> {
  const applicationServerKey = String((await call('GET', '/v1/push/public-key')).body.public_key);
  const register = async (userId: string, behaviour: Behaviour = [], key = applicationServerKey) => {
    const { subscription } = pushService.createDevice({ applicationServerKey: key, behaviour });
    await demand(call('POST', '/v1/subscriptions', { body: { user_id: userId, ...subscription } }));
  };
  await register('ada');
  await register('ada');
  await register('grace', [{ status: 410 }]);
  await register('quinn', [{ status: 403 }]);
  await register('mila', [{ status: 401 }]);
  await register('drew', [{ status: 400, body: 'malformed' }]);
  await register('vera', [], createECDH('prime256v1').generateKeys('base64url'));
  await register(
    'ezra',
    Array.from({ length: 200 }, () => ({ status: 500 })),
  );
  await register('theo', [{ status: 429, retryAfterSeconds: 1800 }]);
  for (const userId of ['noor', 'sam', 'cleo', 'mary', 'otto', HOSTILE.slice(0, 128)]) await register(userId);
  await sayWhatHolds(call);
  const send = (body: Readonly<Record<string, unknown>>) => demand(call('POST', '/v1/notifications', { body }));
  await send({ type: 'digest.daily', title: 'Your digest', user_ids: ['otto'] });
  await until(call, 'otto', 'delivered');
  await send({
    type: 'digest.daily',
    title: 'Your digest',
    body: 'Three things happened.',
    user_ids: ['mary', 'noor', 'otto'],
  });
  await send({ type: 'order.shipped', title: 'Your parcel is at the depot', topic: 'parcel', user_ids: ['sam'] });
  await until(call, 'sam', 'held');
  await send({ type: 'order.shipped', title: 'Your parcel is in the van', topic: 'parcel', user_ids: ['sam'] });
  const { id } = await send({ type: 'order.shipped', title: 'Your parcel comes at ten', user_ids: ['cleo'] });
  await until(call, 'cleo', 'held');
  await demand(call('POST', `/v1/notifications/${id}/cancel`));
  await send({ type: 'order.shipped', title: 'Last call', user_ids: ['ezra'], ttl_seconds: 1 });
  const others = ['ada', 'grace', 'quinn', 'mila', 'drew', 'vera', 'nobody-here'];
  await send({
    type: 'order.shipped',
    title: 'Your order is on its way',
    body: 'It comes on Thursday.',
    url: '/orders/42',
    user_ids: others,
  });
  await send({
    type: 'note',
    title: HOSTILE,
    body: HOSTILE,
    data: { note: HOSTILE },
    user_ids: [HOSTILE.slice(0, 128)],
  });
  const settled = CASES.filter(({ state, userId }) => state !== 'suppressed' && userId !== 'theo');
  for (const { userId, state } of settled) await until(call, userId, state);
  // Last: the whole push service is left alone from then on.
  await send({ type: 'order.shipped', title: 'Your order is on its way', user_ids: ['theo'] });
  await until(call, 'theo', 'retrying');
}

async function sayWhatHolds(call: SignedClient): Promise<void> {
  const timeOf = (atMs: number): string => new Date(atMs).toISOString().slice(11, 16);
  const quiet = {
    time_zone: 'UTC',
    quiet_hours: { from: timeOf(Date.now() - HOUR_MS), until: timeOf(Date.now() + HOUR_MS) },
  };
  await demand(
    call('PUT', '/v1/types/digest.*', { body: { cap: { limit: 1, per_seconds: 86_400 }, ttl_seconds: 43_200 } }),
  );
  await demand(call('PUT', '/v1/types/order.*', { body: { ttl_seconds: 43_200 } }));
  await demand(call('PUT', '/v1/segments/beta', { body: { tags: 'beta && !trial' } }));
  await demand(call('PATCH', '/v1/users/mary', { body: { preferences: { 'digest.*': false }, tags: ['beta'] } }));
  for (const user of ['noor', 'sam', 'cleo']) await demand(call('PATCH', `/v1/users/${user}`, { body: quiet }));
}

async function demand(answer: ReturnType<SignedClient>): Promise<Record<string, unknown>> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body;
}

/** Until the newest delivery to this user, or the one before, is in this state. */
async function until(call: SignedClient, userId: string, state: string): Promise<void> {
  const giveUpAtMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const { items } = (await call('GET', `/v1/deliveries?user_id=${userId}`)).body as { items: { state: string }[] };
    if (items.some((one) => one.state === state)) return;
    if (Date.now() > giveUpAtMs)
      throw new Error(`${userId} has no delivery that is ${state}: ${JSON.stringify(items)}`);
    await delay(100);
  }
}
