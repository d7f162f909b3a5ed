import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConsoleFiles } from '../../../src/service/browser-files.ts';
import { type Api, SECRET, startApi } from '../../support/api.ts';
import { ConsoleVisitor } from '../../support/console-visitor.ts';

const HOSTILE = `<img src=x onerror=alert(1)></title></textarea>"'&<script>alert(1)</script>`;
const ESCAPED = '&lt;img src=x onerror=alert(1)&gt;&lt;/title&gt;';

/** Every page that shows something without being asked for one thing. */
const PAGES = [
  'overview',
  'overview?period=week',
  'search',
  'notifications',
  'dead-letters',
  'bulk-actions',
  'bulk-plan?action=replay',
  'services',
  'audiences',
  'compose',
  'schedules',
  'templates',
  'experiments',
  'webhooks',
  'system',
  'audit',
  'user?id=nobody',
];

let api: Api;
let operator: ConsoleVisitor;

beforeEach(async () => {
  api = await startApi();
  operator = await signedIn('operator');
});

afterEach(() => api.dispose());

async function signedIn(role: 'operator' | 'viewer'): Promise<ConsoleVisitor> {
  const visitor = new ConsoleVisitor(api);
  const secret = role === 'operator' ? SECRET : 'secret-that-reads-only';
  expect((await visitor.post('sign-in', { secret })).status).toBe(303);
  return visitor;
}

async function fails(
  userId = 'bob',
  overrides: Record<string, unknown> = {},
): Promise<{ id: string; notificationId: string; subscriptionId: string }> {
  const subscription = await api.register(userId);
  const { id: notificationId } = await api.notify([userId], overrides);
  await api.deliver(notificationId, subscription, 'failed');
  const { body } = await api.call('GET', `/v1/notifications/${notificationId}/deliveries`);
  return { id: body.items[0].id, notificationId, subscriptionId: subscription.id };
}

const audited = async () =>
  (await api.store.audit.after(0, 1000)).map(({ who, action, target, refusal }) => [
    who.text,
    action,
    target.text,
    refusal,
  ]);

describe('every page', () => {
  it.each(PAGES)('%s is shown where there is nothing yet, within its budget', async (page) => {
    const { status, text } = await operator.get(page);
    expect([status, text]).toEqual([200, expect.stringContaining('<main')]);
    expect(gzipSync(text).byteLength).toBeLessThan(30 * 1024);
  });

  it('leads whoever is not signed in to sign in', async () => {
    for (const page of [...PAGES, 'delivery?id=x', 'notification?id=x', 'subscription?id=x', 'suppressed?user=x']) {
      const { status, headers } = await new ConsoleVisitor(api).get(page);
      expect([status, headers.get('location')?.startsWith('sign-in')], page).toEqual([303, true]);
    }
    expect((await new ConsoleVisitor(api).get('live')).status).toBe(403);
  });

  it('stays small with 50 rows', async () => {
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        api.notify([`user-${index}`], { title: `Title ${index} ${'x'.repeat(100)}` }),
      ),
    );
    const { text } = await operator.get('notifications');
    expect(gzipSync(text).byteLength).toBeLessThan(30 * 1024);
  });

  it('loads at most 8 KB of styles and 6 KB of script, compressed', () => {
    const files = readConsoleFiles() ?? [];
    const octets = (ending: string) =>
      files.filter(({ name }) => name.endsWith(ending)).reduce((sum, { text }) => sum + gzipSync(text).byteLength, 0);
    expect([octets('.css') > 0, octets('.css') <= 8 * 1024]).toEqual([true, true]);
    expect([octets('.js') > 0, octets('.js') <= 6 * 1024]).toEqual([true, true]);
  });

  it('has no endpoint and no secret in it', async () => {
    const { id, notificationId, subscriptionId } = await fails();
    const { endpoint, keys } = (await api.store.subscriptions.get(subscriptionId))!;
    for (const page of [
      ...PAGES,
      'user?id=bob',
      `delivery?id=${id}`,
      `notification?id=${notificationId}`,
      `subscription?id=${subscriptionId}`,
    ]) {
      const { text } = await operator.get(page);
      for (const secret of [endpoint, new URL(endpoint).pathname, keys.auth, keys.p256dh, SECRET])
        expect(text, page).not.toContain(secret);
    }
  });

  it('answers what there is not with a page', async () => {
    for (const page of [
      'delivery?id=dlv_x',
      'notification?id=ntf_x',
      'subscription?id=sub_x',
      'suppressed?notification=ntf_x&user=bob',
      'nothing',
    ]) {
      const { status, text, headers } = await operator.get(page);
      expect([status, headers.get('content-type')], page).toEqual([404, 'text/html; charset=UTF-8']);
      expect(text).toContain('Go on');
    }
    expect((await operator.get('audit?cursor=x')).status).toBe(400);
  });
});

describe('search', () => {
  it.each([
    ['ntf_01', 'notification?id=ntf_01'],
    [' dlv_01_02 ', 'delivery?id=dlv_01_02'],
    ['sub_01', 'subscription?id=sub_01'],
    ['bob@example.com', 'user?id=bob%40example.com'],
  ])('for %j leads to %s', async (asked, page) => {
    const { status, headers } = await operator.get(`search?q=${encodeURIComponent(asked)}`);
    expect([status, headers.get('location')]).toEqual([303, page]);
  });
});

describe('search by what came with a call', () => {
  it('leads to the notification, and offers all where the text names several things', async () => {
    const headers = { 'Idempotency-Key': 'order-42', 'X-Request-Id': 'bob' };
    const json = { type: 'note', title: 'x', user_ids: ['bob'] };
    const { id } = (await api.call('POST', '/v1/notifications', { json, headers })).body;
    expect((await operator.get('search?q=order-42')).headers.get('location')).toBe(`notification?id=${id}`);
    await api.register('bob');
    const { text } = await operator.get('search?q=bob');
    for (const to of [`notification?id=${id}`, 'user?id=bob']) expect(text).toContain(`href="${to}"`);
  });
});

describe('a delivery', () => {
  it('says what came of it, and is replayed', async () => {
    const { id } = await fails();
    const { text } = await operator.get(`delivery?id=${id}`);
    expect(text).toContain('id="verdict"');
    expect(text).toMatch(/The way it took: pending, then [^"]*failed\./);
    const replayed = await operator.post('replay', { id, ttl_seconds: '600' });
    expect(replayed.headers.get('location')).toBe(`delivery?id=${id}&done=replayed`);
    expect((await api.store.deliveries.get(id))?.state).toBe('pending');
    expect((await operator.get(replayed.headers.get('location')!)).text).toContain('It is sent again.');
    expect((await audited()).slice(1)).toEqual([['default', 'replayDelivery', id, null]]);
    const again = await operator.post('replay', { id, ttl_seconds: '600' });
    expect([again.status, again.text]).toEqual([409, expect.stringContaining('still under way')]);
    expect((await audited()).at(-1)).toEqual(['default', 'replayDelivery', id, 'delivery_not_replayable']);
  });
});

describe('a viewer', () => {
  it('sees no content, and no button that changes something', async () => {
    const { id, notificationId, subscriptionId } = await fails('bob', { title: 'Between us', body: 'Secret plan' });
    const viewer = await signedIn('viewer');
    for (const page of [
      ...PAGES.filter((each) => each !== 'compose'),
      `delivery?id=${id}`,
      `notification?id=${notificationId}`,
      `subscription?id=${subscriptionId}`,
      'user?id=bob',
    ]) {
      const { status, text } = await viewer.get(page);
      expect([status, page]).toEqual([200, page]);
      for (const told of ['Between us', 'Secret plan']) expect(text, page).not.toContain(told);
      expect(text.match(/method="post" action="(?!sign-out)/g), page).toBeNull();
    }
    expect((await operator.get(`notification?id=${notificationId}`)).text).toContain('Secret plan');
  });

  it('sees content where that is set', async () => {
    await api.dispose();
    api = await startApi({ viewersSeeContent: true });
    const { notificationId } = await fails('bob', { title: 'Between us' });
    const viewer = await signedIn('viewer');
    expect((await viewer.get(`notification?id=${notificationId}`)).text).toContain('Between us');
  });

  it('changes nothing by hand either', async () => {
    const { id, subscriptionId } = await fails();
    const viewer = await signedIn('viewer');
    const forms = {
      cancel: { id: 'ntf_x' },
      replay: { id, ttl_seconds: '600' },
      restore: { id: subscriptionId },
      'delete-subscription': { id: subscriptionId },
      'tag-user': { id: 'bob', add: 'beta' },
      'patch-user': { id: 'bob', locale: 'de' },
      'send-test': { id: 'bob' },
      'start-bulk': { action: 'discard' },
      'cancel-bulk': { id: 'bla_x' },
      'rotate-vapid-key': {},
      'put-segment': { key: 'a', tags: 'b' },
      'delete-segment': { key: 'a' },
      'put-type': { pattern: '*', rule: '{}' },
      'delete-type': { pattern: '*' },
      compose: { do: 'send', type: 'a', title: 'b', everyone: 'yes' },
      pause: {},
      resume: { waiting: 'send' },
      'pause-schedule': { key: 'a' },
      'go-on-with-schedule': { key: 'a' },
      'trigger-schedule': { key: 'a' },
      'back-up': {},
      'revoke-sessions': {},
      'confirm-hold': { id: 'hld_x' },
      'dismiss-hold': { id: 'hld_x' },
    };
    for (const [name, form] of Object.entries(forms)) {
      const { status, text } = await viewer.post(name, form as Record<string, string>);
      expect([name, status, text]).toEqual([name, 403, expect.stringContaining('who changes nothing')]);
    }
    expect((await api.store.deliveries.get(id))?.state).toBe('failed');
    expect((await audited()).map(([, action]) => action)).toEqual(['signIn', 'signIn']);
  });
});

describe('what an operator does', () => {
  it('is done, and on record with its name and target', async () => {
    const { id } = await api.register('bob');
    const posts: readonly (readonly [string, Record<string, string>])[] = [
      ['tag-user', { id: 'bob', add: 'beta, vip', remove: '' }],
      ['put-segment', { key: 'friends', tags: 'beta || vip' }],
      ['put-type', { pattern: 'digest.*', ttl_seconds: '60' }],
      ['pause', {}],
      ['resume', { waiting: 'send' }],
      ['delete-subscription', { id }],
    ];
    for (const [page, form] of posts) expect([page, (await operator.post(page, form)).status]).toEqual([page, 303]);
    expect((await audited()).slice(1)).toEqual([
      ['default', 'changeTagsOfUser', 'bob', null],
      ['default', 'putSegment', 'friends', null],
      ['default', 'putTypeRule', 'digest.*', null],
      ['default', 'pauseSending', '', null],
      ['default', 'resumeSending', '', null],
      ['default', 'deleteSubscription', id, null],
    ]);
    expect((await api.store.users.get('bob'))?.tags).toEqual(['beta', 'vip']);
    expect((await operator.get('audit')).text).toContain('deleteSubscription');
  });
});

describe('what callers wrote', () => {
  it('is shown as text on every page, whatever it is', async () => {
    const userId = HOSTILE.slice(0, 100);
    const { id, notificationId, subscriptionId } = await fails(userId, {
      ...{
        title: HOSTILE,
        body: HOSTILE,
        url: '/x',
        data: { note: HOSTILE },
        actions: [{ action: 'a', title: HOSTILE }],
      },
      topic: HOSTILE.slice(0, 32),
    });
    const asked = encodeURIComponent(HOSTILE);
    const pages = [
      `user?id=${encodeURIComponent(userId)}`,
      `notification?id=${notificationId}&user=${asked}&state=${asked}`,
      `delivery?id=${id}`,
      `subscription?id=${subscriptionId}`,
      `audiences?tags=${asked}&type=${asked}`,
      `audit?who=${asked}&action=${asked}&target=${asked}`,
      `dead-letters?user=${asked}&reason=${asked}`,
      `notifications?type=${asked}`,
      `search?q=${encodeURIComponent(`\u0000${HOSTILE}`)}`,
      `sign-in?to=${asked}`,
      `overview?done=${asked}&period=${asked}`,
      `compose?title=${asked}&type=${asked}`,
    ];
    for (const page of pages) {
      const { text } = await operator.get(page);
      expect(text, page).not.toContain('<img src=x');
      expect(text, page).not.toContain('<script>');
    }
    expect((await operator.get(pages[0]!)).text).toContain(ESCAPED.slice(0, 40));
  });
});
