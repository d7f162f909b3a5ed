import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, CURRENT_KEY, OLDER_KEY, SECRET, startApi } from '../../support/api.ts';
import { ConsoleVisitor } from '../../support/console-visitor.ts';
import { NOW_MS } from '../../support/samples.ts';

const HOSTILE = `<img src=x onerror=alert(1)>"'&{x}`;

let api: Api;
let operator: ConsoleVisitor;
let waiting = CURRENT_KEY;

beforeAll(async () => {
  const make = () => {
    waiting = OLDER_KEY;
    return OLDER_KEY;
  };
  api = await startApi({ rotation: { next: () => waiting, make } });
  operator = new ConsoleVisitor(api);
  await operator.post('sign-in', { secret: SECRET });
});
afterAll(() => api.dispose());

const latest = async () => {
  const entries = await api.store.audit.after(0, 1000);
  const { action, target, refusal } = entries.at(-1)!;
  return [action, target.text, refusal];
};

describe('a user', () => {
  const form = {
    ...{
      id: 'bob',
      time_zone: 'Europe/Berlin',
      locale: 'de',
      wishes: 'digest.* no\n\n  security   yes ',
      wishes_before: '',
    },
    ...{ quiet_from: '22:00', quiet_until: '07:00', quiet_days: 'mon', paused_until: '2026-02-01T10:00' },
  };

  it('is told apart as the form says, all of it, and what is taken out of it goes', async () => {
    expect((await operator.post('patch-user', form)).headers.get('location')).toBe('user?id=bob&done=saved');
    expect(await latest()).toEqual(['patchUser', 'bob', null]);
    expect((await api.call('GET', '/v1/users/bob')).body).toMatchObject({
      ...{ time_zone: 'Europe/Berlin', locale: 'de', preferences: { 'digest.*': false, security: true } },
      ...{ quiet_hours: { from: '22:00', until: '07:00', days: ['mon'] }, paused_until: '2026-02-01T10:00:00.000Z' },
    });
    const { text } = await operator.get('user?id=bob');
    for (const shown of [
      'value="22:00"',
      'value="mon" checked',
      'digest.* no\nsecurity yes',
      'value="2026-02-01T10:00"',
    ])
      expect(text).toContain(shown);
    await operator.post('patch-user', { id: 'bob', wishes: 'security yes', wishes_before: 'digest.* security' });
    expect((await api.call('GET', '/v1/users/bob')).body).toMatchObject({
      ...{ time_zone: null, quiet_hours: null, paused_until: null, preferences: { security: true } },
    });
  });

  it('stays as it was where the form is not understood', async () => {
    const before = await api.store.users.get('bob');
    for (const bad of [
      { time_zone: 'Mars' },
      { wishes: 'digest.* perhaps' },
      { quiet_until: '' },
      { paused_until: 'soon' },
    ]) {
      expect([bad, (await operator.post('patch-user', { ...form, ...bad })).status]).toEqual([bad, 400]);
      expect((await latest()).slice(0, 2)).toEqual(['patchUser', 'bob']);
    }
    expect(await api.store.users.get('bob')).toEqual(before);
  });

  it('gets a test, once, as any other notification', async () => {
    expect((await operator.get('user?id=bob')).text).not.toContain('send-test');
    await api.register('bob');
    const { text } = await operator.get('user?id=bob');
    const once = /name="once" value="([^"]+)"/.exec(text)?.[1] ?? '';
    const sent = await operator.post('send-test', { id: 'bob', once, type: 'test' });
    const id = /^notification\?id=(ntf_\w+)&done=accepted$/.exec(sent.headers.get('location') ?? '')?.[1];
    expect(await latest()).toEqual(['sendNotification', 'bob', null]);
    expect((await operator.post('send-test', { id: 'bob', once, type: 'test' })).headers.get('location')).toContain(id);
    const { notification } = { notification: await api.store.notifications.get(id!) };
    expect(notification).toMatchObject({ content: { type: 'test', title: 'A test' }, ttlSeconds: 600, userCount: 1 });
    const page = (await operator.get(`notification?id=${id}`)).text;
    for (const told of ['Accepted', 'Deadline', 'to come']) expect(page).toContain(told);
    expect((await operator.post('send-test', { id: 'bob', once: 'x', type: 'test' })).status).toBe(400);
  });
});

describe('compose in several languages', () => {
  const typed = {
    ...{ to: 'users', user_ids: 'bob', type: 'note', title: `It's {here}`, body: 'You', locale: 'en', when: 'now' },
    ...{ locale1: 'de', title1: HOSTILE, body1: '' },
  };

  it('shows each with its octets, and sends each as it was written', async () => {
    const { status, text } = await operator.post('compose', { ...typed, do: 'preview' });
    expect([status, text.includes('In each language'), text.includes('<img src=x')]).toEqual([200, true, false]);
    expect(text).toMatch(/<h3>de<\/h3>.*?octets.*?<h3>en<\/h3>|<h3>en<\/h3>.*?octets.*?<h3>de<\/h3>/s);
    expect(text).toContain('It&#39;s {here}');
    const [, seen = ''] = /name="seen" value="([^"]*)"/.exec(text) ?? [];
    const [, once = ''] = /name="once" value="([^"]*)"/.exec(text) ?? [];
    const sent = await operator.post('compose', { ...typed, do: 'send', seen, once });
    const id = /id=(ntf_\w+)/.exec(sent.headers.get('location') ?? '')?.[1] ?? '';
    const { content } = (await api.store.notifications.get(id))!;
    expect(content.worded?.shown).toMatchObject({ title: `It's {here}`, body: 'You' });
    expect(content.worded?.source).toMatchObject({ wording: { defaultLocale: 'en', locales: { de: {}, en: {} } } });
  });

  it.each([
    [{ locale1: 'en' }, 'twice'],
    [{ locale: '' }, 'which language'],
    [{ locale1: 'no language' }, 'language tag'],
  ])('refuses %j in a sentence', async (change, says) => {
    const { status, text } = await operator.post('compose', { ...typed, ...change, do: 'preview' });
    expect([status, text.includes(says)]).toEqual([400, true]);
  });
});

describe('the audit log of a stretch of time', () => {
  it('has what was changed from one instant on and before another, here and in the API', async () => {
    const at = (atMs: number) => new Date(atMs).toISOString();
    api.clock.advance(3_600_000 - (api.clock.now() - NOW_MS));
    for (const key of ['one', 'two', 'three']) {
      await api.call('PUT', `/v1/segments/${key}`, { json: { tags: 'a' } });
      api.clock.advance(60_000);
    }
    const hour = NOW_MS + 3_600_000;
    const found = async (query: string) =>
      (await api.call('GET', `/v1/audit?action=putSegment&${query}`)).body.items.map(
        ({ target }: { target: { text: string } }) => target.text,
      );
    expect(await found(`from=${at(hour + 1)}`)).toEqual(['three', 'two']);
    expect(await found(`from=${at(hour)}&until=${at(hour + 120_000)}`)).toEqual(['two', 'one']);
    expect(await found(`until=${at(hour)}`)).toEqual([]);
    expect(await found(`from=${at(hour + 999_999)}`)).toEqual([]);
    const { text } = await operator.get('audit?action=putSegment&from=2026-01-01T01:01&until=2026-01-01T01:02');
    expect([text.includes('>two<'), text.includes('>one<'), text.includes('>three<')]).toEqual([true, false, false]);
    expect((await operator.get('audit?from=soon')).status).toBe(400);
  });
});

it('makes a new VAPID key, on record, where the pair is in the data folder', async () => {
  expect((await operator.get('services')).text).toContain('action="rotate-vapid-key"');
  const { headers } = await operator.post('rotate-vapid-key');
  expect([headers.get('location'), waiting, await latest()]).toEqual([
    'services?done=rotated',
    OLDER_KEY,
    ['rotateVapidKey', '', null],
  ]);
  const { text } = await operator.get('services');
  expect(text).toContain('A new key waits for a restart');
  expect(text).toContain('browsers subscribe with it after the next start');
  expect(text).not.toContain('action="rotate-vapid-key"');
});

it('tells how much the store takes up', async () => {
  expect((await operator.get('system')).text).toMatch(/<dt>Takes up<\/dt><dd>\d+ MiB on the disk/);
});
