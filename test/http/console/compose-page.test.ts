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

describe('compose, in several ways', () => {
  const ways = {
    ...{ to: 'everyone', type: 'note', title: 'Sale', when: 'now', experiment: 'sale' },
    ...{
      way1_key: 'short',
      way2_key: 'long',
      way2_weight: '3',
      way2_title: 'The sale of the year',
      way2_body: HOSTILE,
    },
  };
  const preview = (form: Record<string, string>) => operator.post('compose', { ...form, do: 'preview' });
  /** What stands at each field that is marked as wrong. */
  const wrongIn = (html: string) =>
    [...html.matchAll(/<p id="wrong-(\w+)">([^<]*)<\/p>/g)].map(([, name, says]) => {
      expect(html).toMatch(new RegExp(`name="${name}"[^>]* aria-invalid="true" aria-describedby="wrong-${name}"`));
      return [name, says];
    });

  beforeEach(async () => {
    await api.dispose();
    api = await startApi({ tracking: ['shown', 'clicked'] });
    operator = new ConsoleVisitor(api);
    await operator.post('sign-in', { secret: SECRET });
    for (let user = 0; user < 40; user += 1) await api.register(`user-${user}`);
  });

  it('tells how many get which way, who waits and who gets nothing, and sends just that', async () => {
    const test = { test_percent: '30', decide_after_seconds: '60', if_inconclusive: 'send_heaviest' };
    const form = { ...ways, ...test, holdout_percent: '20', metric: 'shown' };
    const looked = await preview(form);
    expect(looked.status).toBe(200);
    for (const harm of HARM) expect(looked.text).not.toContain(harm);
    const rows = [
      ...looked.text.matchAll(
        /<td[^>]*><div>(?:<strong>)?([^<]*)(?:<\/strong>)?<\/div><\/td><td[^>]* class="number"><div>(\d+)</g,
      ),
    ];
    const experiment = { key: 'sale', ...{ test_percent: 30, holdout_percent: 20, decide_after_seconds: 60 } };
    const asked = {
      ...{ type: 'note', audience: { everyone: true }, title: 'Sale' },
      experiment: { ...experiment, metric: 'shown', if_inconclusive: 'send_heaviest' },
      variants: [
        { key: 'short', weight: 1 },
        { key: 'long', weight: 3, title: 'The sale of the year', body: 'x' },
      ],
    };
    const { body: told } = await api.call('POST', '/v1/notifications/dry-run', { json: asked });
    const [short, long] = told.variants.map(({ user_count }: { user_count: number }) => user_count);
    expect(short + long + told.suppressed.holdout).toBeGreaterThan(5);
    expect(rows.map(([, who, users]) => [who, Number(users)])).toEqual([
      ['short', short],
      ['long', long],
      ['Wait for the outcome', told.reached_user_count - short - long],
      ['Nothing (holdout)', told.suppressed.holdout],
    ]);
    const seen = { seen: field(looked.text, 'seen'), once: field(looked.text, 'once') };
    const changed = await operator.post('compose', { ...form, ...seen, do: 'send', way2_weight: '2' });
    expect(changed.text).toContain('It was changed since');
    const sent = await operator.post('compose', { ...form, ...seen, do: 'send' });
    const id = /ntf_\w+/.exec(sent.headers.get('location')!)![0];
    const { variants } = (await api.call('GET', `/v1/notifications/${id}`)).body;
    expect(variants.map(({ key, title }: { key: string; title: string }) => [key, title])).toEqual([
      ['short', 'Sale'],
      ['long', 'The sale of the year'],
    ]);
    expect((await api.call('GET', '/v1/experiments/sale')).body).toMatchObject({ ...experiment, metric: 'shown' });
  });

  it('takes a way from a template, with the variables of all', async () => {
    await put('/v1/templates/parcel', TEMPLATE);
    const { way2_title: _, way2_body: __, ...rest } = ways;
    const looked = await preview({ ...rest, way2_template: 'parcel', variables: '{"name":"Ada","n":2}' });
    expect([looked.status, looked.text]).toEqual([200, expect.stringContaining('Hello Ada')]);
    const missing = await preview({ ...rest, way2_template: 'parcel', variables: '{' });
    expect(wrongIn(missing.text)).toEqual([['variables', 'Are not valid JSON.']]);
  });

  it('says at each field what is wrong with it', async () => {
    const wrong = async (form: Record<string, string>) => {
      const { status, text } = await preview({ ...ways, ...form });
      expect([status, text]).toEqual([400, expect.stringContaining('role="alert"')]);
      return wrongIn(text).map(([name]) => name);
    };
    expect(await wrong({ experiment: '', way1_key: '', way2_key: 'no key', way2_weight: '1001' })).toEqual([
      ...['experiment', 'way1_key', 'way2_key', 'way2_weight'],
    ]);
    expect(await wrong({ way2_key: '', way2_weight: '', way2_title: '', way2_body: '' })).toEqual(['way2_key']);
    expect(await wrong({ way2_key: 'short' })).toEqual(['way2_key']);
    expect(await wrong({ way3_body: 'Only text' })).toEqual(['way3_key']);
    expect(await wrong({ holdout_percent: '91' })).toEqual(['holdout_percent']);
    expect(await wrong({ if_inconclusive: 'stop' })).toEqual(['if_inconclusive']);
    expect(await wrong({ test_percent: '20' })).toEqual(['decide_after_seconds']);
    expect(await wrong({ decide_after_seconds: '60' })).toEqual(['decide_after_seconds']);
    const tested = { test_percent: '20', decide_after_seconds: '60' };
    expect(await wrong({ ...tested, holdout_percent: '80' })).toEqual(['test_percent']);
    expect(await wrong({ ...tested, when: 'local', at: '2026-03-29T09:00' })).toEqual(['test_percent']);
    expect(await wrong({ locale: 'en', locale1: 'de', title1: 'Ausverkauf' })).toEqual(['way2_title']);
    expect(await wrong({ type: 'no such', title: '' })).toEqual(['type', 'title']);
    expect(await wrong({ to: 'tags', tags: 'beta &&' })).toEqual(['tags']);
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
