import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Api, SECRET, startApi } from '../../support/api.ts';
import { ConsoleVisitor } from '../../support/console-visitor.ts';

const HOSTILE = `<img src=x onerror=alert(1)>"'&<script>alert(1)</script>`;
const HARM = ['<img src=x', '<script>alert'];
const TEMPLATE = {
  default_locale: 'en',
  variables: { name: 'string', n: 'number' },
  locales: {
    en: { title: 'Hello {name}', body: '{n, plural, one {# parcel} other {# parcels}}' },
    de: { title: 'Hallo {name}', body: '{n, plural, one {# Paket} other {# Pakete}}' },
  },
};

let api: Api;
let operator: ConsoleVisitor;

beforeEach(async () => {
  api = await startApi();
  operator = new ConsoleVisitor(api);
  await operator.post('sign-in', { secret: SECRET });
});
afterEach(() => api.dispose());

/** Who did what on what, and what it was refused with. */
const audited = async () =>
  (await api.store.audit.after(0, 1000))
    .map(({ who, action, target, refusal }) => [who.text, action, target.text, refusal])
    .filter(([, action]) => action !== 'signIn');

const put = (path: string, json: unknown) => api.call('PUT', path, { json });
const field = (html: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? '';

describe('compose', () => {
  const typed = { to: 'users', user_ids: 'ada\n bob \n', type: 'note', title: 'Hello', body: 'You', when: 'now' };
  const preview = (form: Record<string, string>) => operator.post('compose', { ...form, do: 'preview' });

  it('tells what would come of it, sends that and nothing else, and once', async () => {
    await api.register('ada');
    const looked = await preview(typed);
    expect(looked.status).toBe(200);
    for (const words of ['What would come of it', '1 no_subscription', 'of 3,993 octets', 'href="user?id=bob"'])
      expect(looked.text).toContain(words);
    const send = { ...typed, do: 'send', seen: field(looked.text, 'seen'), once: field(looked.text, 'once') };
    const changed = await operator.post('compose', { ...send, title: 'Another' });
    expect([changed.status, changed.text]).toEqual([200, expect.stringContaining('It was changed since')]);
    const sent = await operator.post('compose', send);
    const place = sent.headers.get('location')!;
    expect([sent.status, place]).toEqual([303, expect.stringMatching(/^notification\?id=ntf_\w+&done=accepted$/)]);
    expect((await operator.post('compose', send)).headers.get('location')).toBe(place);
    const { body } = await api.call('GET', '/v1/notifications');
    expect(body.items.map(({ title }: { title: string }) => title)).toEqual(['Hello']);
    expect((await audited()).map(([who, action]) => [who, action])).toEqual([
      ['default', 'sendNotification'],
      ['default', 'sendNotification'],
    ]);
  });

  it('schedules by an instant and by each user’s clock', async () => {
    for (const [when, field_, value] of [
      ['utc', 'send_at', '2026-03-29T09:00:00.000Z'],
      ['local', 'send_at_local', { local: '2026-03-29T09:00:00', if_passed: 'skip' }],
    ] as const) {
      const form = { ...typed, when, at: '2026-03-29T09:00' };
      const looked = await preview(form);
      expect(looked.text).toContain('Schedule it');
      const seen = { seen: field(looked.text, 'seen'), once: field(looked.text, 'once') };
      const { headers } = await operator.post('compose', { ...form, ...seen, do: 'send' });
      const id = /ntf_\w+/.exec(headers.get('location')!)![0];
      expect((await api.call('GET', `/v1/notifications/${id}`)).body[field_]).toEqual(value);
    }
  });

  it('takes a template with its variables, and shows its words', async () => {
    await put('/v1/templates/parcel', TEMPLATE);
    const form = { to: 'everyone', type: 'note', template: 'parcel', variables: '{"name":"Ada","n":2}', when: 'now' };
    const looked = await preview(form);
    expect([looked.status, looked.text]).toEqual([200, expect.stringContaining('By locale: de ')]);
    expect((await preview({ ...form, variables: '{"name":"Ada"}' })).status).toBe(400);
  });

  it('keeps what was typed where it is refused, and says each thing that is wrong', async () => {
    const refused = await preview({ ...typed, type: 'no such', title: '', body: HOSTILE });
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('“title” is required');
    expect(refused.text).toContain('“type” must be');
    for (const harm of HARM) expect(refused.text).not.toContain(harm);
    expect((await preview({ ...typed, to: 'tags', tags: 'beta &&' })).text).toContain('At character');
    expect((await preview({ ...typed, when: 'utc' })).text).toContain('Say at which date and time');
  });

  it('counts an audience while it is written', async () => {
    await api.register('ada');
    await api.call('POST', '/v1/users/ada/tags', { json: { add: ['beta'] } });
    const asked = async (tags: string) => (await operator.get(`audience-count?tags=${encodeURIComponent(tags)}`)).text;
    expect(await asked('')).toBe('1 user with 1 device (Others 1).');
    expect(await asked('beta')).toBe('1 user with 1 device (Others 1).');
    expect(await asked('!beta')).toBe('0 users with 0 devices.');
    expect(await asked('beta &&')).toContain('At character');
    expect((await new ConsoleVisitor(api).get('audience-count?tags=beta')).status).toBe(403);
  });
});

describe('segments and types', () => {
  it('are kept by forms, told in words, counted, and deleted', async () => {
    await operator.post('put-segment', { key: 'vip', tags: 'plan:pro || staff' });
    await operator.post('put-type', {
      ...{ pattern: 'digest.*', preference: 'opted_out', on_quiet: 'drop', ttl_seconds: '7200' },
      ...{ cap_limit: '3', cap_per_seconds: '86400', overrides: 'cap' },
    });
    const { text } = await operator.get('audiences?type=digest.*&segment=vip&tags=%23vip');
    for (const words of [
      'plan:pro || staff',
      'only who asks for it gets it',
      'at most 3 to one user in 1 day',
      'dropped in quiet hours',
      'worth sending for 2 hours',
      'passes over the cap',
      '0 users with 0 devices.',
    ])
      expect(text).toContain(words);
    const { body } = await api.call('GET', '/v1/types/digest.*');
    expect(body).toEqual({
      ...{ pattern: 'digest.*', preference: 'opted_out', on_quiet: 'drop', ttl_seconds: 7200 },
      ...{ cap: { limit: 3, per_seconds: 86_400 }, overrides: ['cap'] },
    });
    await operator.post('delete-type', { pattern: 'digest.*' });
    await operator.post('delete-segment', { key: 'vip' });
    expect((await operator.get('audiences')).text).toContain('No expression has a name yet');
  });

  it('keep what was typed where it is refused, on record', async () => {
    const circle = await operator.post('put-segment', { key: 'vip', tags: '#vip' });
    expect([circle.status, circle.text]).toEqual([400, expect.stringContaining('value="#vip"')]);
    const half = await operator.post('put-type', { pattern: 'digest.*', cap_limit: '3' });
    expect([half.status, half.text]).toEqual([400, expect.stringContaining('cap.per_seconds')]);
    expect(await audited()).toEqual([
      ['default', 'putSegment', 'vip', null],
      ['default', 'putSegment', 'vip', 'invalid_audience'],
      ['default', 'putTypeRule', 'digest.*', null],
      ['default', 'putTypeRule', 'digest.*', 'invalid_request'],
    ]);
  });
});
