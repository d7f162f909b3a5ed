import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Api, startApi } from '../../support/api.ts';

const TEMPLATE = {
  default_locale: 'en',
  variables: { name: 'string', n: 'number', at: 'datetime', order: 'string' },
  locales: {
    en: {
      title: '{n, plural, one {Your parcel is} other {Your # parcels are}} on the way',
      body: 'Hello {name}: {at, date, full}, about {at, time, short}.',
      url: '/orders/{order}',
      actions: [{ action: 'track', title: 'Where are {n, plural, one {it} other {they}}?', url: '/track/{order}' }],
      data: { order: '{order}' },
    },
    de: { title: '{n, plural, one {Dein Paket} other {Deine # Pakete}}', body: 'Hallo {name}' },
    ar: { title: 'مرحبا {name}' },
  },
};
const VALUES = { name: 'Ada', n: 2, at: '2026-01-31T23:30:00Z', order: 'a/b c' };

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

const put = (key = 'parcel', json: unknown = TEMPLATE) => api.call('PUT', `/v1/templates/${key}`, { json });
const send = (json: Record<string, unknown>) =>
  api.call('POST', '/v1/notifications', { json: { type: 'order.shipped', user_ids: ['ada'], ...json } });
const use = (variables: Record<string, unknown> = VALUES) => ({ template: { key: 'parcel', variables } });

describe('templates', () => {
  it('are kept in versions: the same again makes none, whatever the order of its locales', async () => {
    const first = await put();
    expect(first.body).toEqual({ key: 'parcel', version: 1, ...TEMPLATE, created_at: expect.any(String) });
    const { en, de, ar } = TEMPLATE.locales;
    expect((await put('parcel', { ...TEMPLATE, locales: { ar, de, en } })).body.version).toBe(1);
    expect((await put('parcel', { ...TEMPLATE, locales: { en } })).body.version).toBe(2);
    expect((await api.call('GET', '/v1/templates/parcel')).body.version).toBe(2);
    expect((await api.call('GET', '/v1/templates/parcel?version=1')).body).toEqual(first.body);
    const versions = await api.call('GET', '/v1/templates/parcel/versions?limit=1');
    expect(versions.body.items).toMatchObject([{ key: 'parcel', version: 2, locales: ['en'] }]);
    const earlier = await api.call('GET', `/v1/templates/parcel/versions?cursor=${versions.body.next_cursor}`);
    expect(earlier.body).toMatchObject({ items: [{ version: 1, locales: ['ar', 'de', 'en'] }], next_cursor: null });
    await put('other');
    expect((await api.call('GET', '/v1/templates')).body.items.map((one: { key: string }) => one.key)).toEqual([
      'other',
      'parcel',
    ]);
  });

  it('once deleted are unknown to all, but to what was accepted; a number never means two texts', async () => {
    await put();
    const ada = await api.register('ada', { locale: 'de' });
    const accepted = await send({ ...use(), topic: 'later' });
    expect((await api.call('DELETE', '/v1/templates/parcel')).status).toBe(204);
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '?version=1'],
      ['GET', '/versions'],
      ['DELETE', ''],
      ['POST', '/preview'],
    ] as const) {
      const json = method === 'POST' ? { json: { variables: VALUES } } : {};
      const answer = await api.call(method, `/v1/templates/parcel${path}`, json);
      expect(answer).toMatchObject({ status: 404, body: { code: 'template_not_found' } });
    }
    expect((await send(use())).body.code).toBe('unknown_template');
    expect((await send({ template: { key: 'parcel', version: 1, variables: VALUES } })).body.code).toBe(
      'unknown_template',
    );
    expect((await put()).body.version).toBe(3);
    expect(ada.id).toMatch(/^sub_/);
    expect((await api.call('GET', `/v1/notifications/${accepted.body.id}`)).body).toMatchObject({
      title: 'Your 2 parcels are on the way',
      template: { key: 'parcel', version: 1 },
    });
  });

  it('are not deleted while schedules name them', async () => {
    await put();
    const notification = { type: 'parcel', user_ids: ['ada'], ...use() };
    const schedule = (key: string) =>
      api.call('PUT', `/v1/schedules/${key}`, { json: { cron: '0 9 * * *', time_zone: 'UTC', notification } });
    for (const key of ['a', 'b']) expect(await schedule(key)).toMatchObject({ status: 200 });
    const remove = () => api.call('DELETE', '/v1/templates/parcel');
    expect(await remove()).toMatchObject({ status: 409, body: { code: 'template_in_use', schedules: ['a', 'b'] } });
    await api.call('DELETE', '/v1/schedules/a');
    await api.call('PATCH', '/v1/schedules/b', { json: { notification: { template: null, title: 'A parcel' } } });
    expect((await remove()).status).toBe(204);
  });

  it('are shown as each locale has them, and as a reader gets them', async () => {
    await put();
    const all = await api.call('POST', '/v1/templates/parcel/preview', { json: { variables: VALUES } });
    expect(all.body.items.map((one: { locale: string }) => one.locale)).toEqual(['ar', 'de', 'en']);
    expect(all.body.items[0]).toMatchObject({ dir: 'rtl', title: 'مرحبا Ada', body: null, url: null });
    expect(all.body.items[2]).toMatchObject({
      dir: 'ltr',
      title: 'Your 2 parcels are on the way',
      body: 'Hello Ada: Saturday, January 31, 2026, about 11:30 PM.',
      url: '/orders/a%2Fb%20c',
      actions: [{ action: 'track', title: 'Where are they?', url: '/track/a%2Fb%20c' }],
      payload_octets: expect.any(Number),
    });
    const json = { variables: VALUES, locale: 'en-GB', time_zone: 'Asia/Tokyo' };
    const reader = await api.call('POST', '/v1/templates/parcel/preview', { json });
    expect(reader.body.items).toMatchObject([{ locale: 'en', body: expect.stringContaining('February 1') }]);
    const unsaved = await api.call('POST', '/v1/templates/preview', {
      json: { ...json, template: { ...TEMPLATE, locales: { en: { title: 'New: {name}' } } } },
    });
    expect(unsaved.body.items).toMatchObject([{ title: 'New: Ada' }]);
  });
});

describe('a notification by a template', () => {
  it('shows the text in the default locale, and what it was made from', async () => {
    await put();
    const { body } = await send({ ...use(), badge: '/badge.png' });
    const shown = (await api.call('GET', `/v1/notifications/${body.id}`)).body;
    expect(shown).toMatchObject({
      title: 'Your 2 parcels are on the way',
      url: '/orders/a%2Fb%20c',
      badge: '/badge.png',
      template: { key: 'parcel', version: 1 },
    });
  });

  it('takes recipients with variables of their own, and tells the octets of each locale', async () => {
    await put();
    const { name, ...shared } = VALUES;
    const recipients = [
      { user_id: 'ada', variables: { name } },
      { user_id: 'bob', variables: { name: 'Bob'.repeat(50), n: 1 } },
    ];
    const json = { type: 'a', recipients, template: { key: 'parcel', variables: shared } };
    const dryRun = await api.call('POST', '/v1/notifications/dry-run', { json });
    const { en, de, ar } = dryRun.body.payload_octets_by_locale;
    expect(Math.max(en, de, ar)).toBe(dryRun.body.payload_octets);
    expect(ar).toBeGreaterThan(150);
    const accepted = await api.call('POST', '/v1/notifications', { json });
    expect(accepted).toMatchObject({ status: 202, body: { user_count: 2 } });
    expect((await api.call('GET', `/v1/notifications/${accepted.body.id}`)).body.title).toBe(TEMPLATE.locales.en.title);
  });

  it('refuses the largest locale and recipient by name, and writes nothing', async () => {
    await put('parcel', {
      ...TEMPLATE,
      locales: { en: { title: 'x' }, de: { title: 'x', body: '{name}{name}{name}' } },
    });
    const one = await send(use({ ...VALUES, name: 'a'.repeat(1400) }));
    expect(one).toMatchObject({
      status: 413,
      body: { code: 'payload_too_large', locale: 'de', largest_field: 'body' },
    });
    const recipients = [
      { user_id: 'ada', variables: VALUES },
      { user_id: 'bob', variables: { ...VALUES, name: 'b'.repeat(1400) } },
    ];
    const json = { type: 'a', recipients, template: { key: 'parcel' } };
    const many = await api.call('POST', '/v1/notifications', { json });
    expect(many.body).toMatchObject({ code: 'payload_too_large', locale: 'de', user_id: 'bob' });
    expect((await api.call('GET', '/v1/notifications')).body.items).toEqual([]);
  });
});

type Refused = [what: string, code: string, template: Record<string, unknown>, detail: string];
const saying = (title: string, more = {}) => ({ ...TEMPLATE, locales: { en: { title, ...more }, de: { title: 'x' } } });

it.each<Refused>([
  ['a brace that is not closed', 'invalid_template', saying('a {name'), 'at character 3'],
  ['an unknown variable', 'invalid_template', saying('{nobody}'), 'no variable “nobody”'],
  ['the name of an object’s own method', 'invalid_template', saying('{constructor}'), 'no variable “constructor”'],
  ['a plural of a string', 'invalid_template', saying('{name, plural, other {x}}'), '“name” is a string'],
  ['a date of a number', 'invalid_template', saying('{n, date, short}'), '“n” is a number'],
  ['an instant as it is', 'invalid_template', saying('{at}'), 'as a date or time'],
  ['a plural without other', 'invalid_template', saying('{n, plural, one {x}}'), 'missing other clause'],
  ['a style that there is not', 'invalid_template', saying('{n, number, loud}'), 'no style of this name'],
  ['a currency that there is not', 'invalid_template', saying('{n, number, ::currency/XXXXX}'), 'cannot be'],
  ['a title that may be blank', 'invalid_template', saying('{n, plural, one { } other {x}}'), 'blank'],
  ['a # in a select', 'invalid_template', saying('{n, plural, other {{name, select, other {#}}}}'), '“#”'],
  ['a host by a variable', 'invalid_template', saying('x', { url: 'https://{name}/a' }), 'url'],
  ['a link with a plural', 'invalid_template', saying('x', { url: '/{n, plural, other {x}}' }), 'plain variables'],
  ['a script', 'invalid_template', saying('x', { url: 'javascript:{name}' }), 'must be an http(s) URL'],
  ['an action that may be blank', 'invalid_template', saying('x', { actions: [{ action: 'a', title: ' ' }] }), 'blank'],
  ['no default locale', 'invalid_request', { ...TEMPLATE, default_locale: 'fr' }, 'default locale'],
  [
    'two spellings of one',
    'invalid_request',
    { ...TEMPLATE, locales: { en: { title: 'a' }, EN: { title: 'b' } } },
    'same',
  ],
  [
    'no language tag',
    'invalid_request',
    { ...TEMPLATE, locales: { en: { title: 'a' }, 'x y': { title: 'b' } } },
    'no language',
  ],
  ['an unknown type', 'invalid_request', { ...TEMPLATE, variables: { n: 'integer' } }, 'must be one of'],
  ['a name with a dot', 'invalid_request', { ...TEMPLATE, variables: { 'a.b': 'string' } }, 'must begin with a letter'],
  ['an empty title', 'invalid_request', saying(''), 'at least 1 character'],
  ['a field that there is not', 'invalid_request', saying('x', { tag: 'y' }), 'not a known field'],
  ['more than is kept', 'invalid_template', { ...TEMPLATE, locales: largest() }, 'octets'],
  ['a pattern of a megabyte', 'invalid_request', saying('x'.repeat(1_000_000)), 'at most 4000'],
])('refuses %s, by its place, and keeps nothing', async (_, code, json, detail) => {
  const answer = await put('parcel', json);
  expect(answer).toMatchObject({ status: 400, body: { code } });
  expect(answer.text).toContain(detail);
  expect((await api.call('GET', '/v1/templates')).body.items).toEqual([]);
});

function largest() {
  const names = Array.from({ length: 30 }, (_, index) => `en-x-${index}`);
  return Object.fromEntries([...names, 'en'].map((name) => [name, { title: 'a', body: 'b'.repeat(15_000) }]));
}

type Unfit = [what: string, variables: Record<string, unknown>, problem: Record<string, unknown>];
const { name: _, ...nameless } = VALUES;

it.each<Unfit>([
  ['a missing variable', nameless, { variable: 'name', locale: 'ar', message: 'is missing' }],
  ['a blank', { ...VALUES, name: ' \u00a0' }, { variable: 'name', message: 'must not be blank' }],
  ['a number as text', { ...VALUES, n: '2' }, { variable: 'n', message: 'must be a number, not a string' }],
  ['a text as number', { ...VALUES, name: 2 }, { variable: 'name', message: 'must be a string, not a number' }],
  ['no instant', { ...VALUES, at: 'tomorrow' }, { variable: 'at' }],
  ['an instant without zone', { ...VALUES, at: '2026-01-31T12:00:00' }, { variable: 'at' }],
  ['the 30th of February', { ...VALUES, at: '2026-02-30T12:00:00Z' }, { variable: 'at' }],
  ['an unknown variable', { ...VALUES, nmae: 'Ada' }, { variable: 'nmae', locale: null }],
  ['the name of a method', { ...VALUES, toString: 'x' }, { variable: 'toString', locale: null }],
  ['dots as a step of a path', { ...VALUES, order: '..' }, { variable: 'order', locale: 'en' }],
  ['more than is kept', { ...VALUES, name: 'ü'.repeat(2100) }, { variable: '' }],
])('refuses %s, for everyone and for one of many recipients', async (_what, variables, problem) => {
  await put();
  const one = await send(use(variables));
  expect(one).toMatchObject({ status: 400, body: { code: 'invalid_variables' } });
  expect(one.body.problems[0]).toMatchObject({ ...problem, user_id: null, index: null });
  const recipients = [
    { user_id: 'ada', variables: VALUES },
    { user_id: 'bob', variables },
  ];
  const many = await send({ user_ids: undefined, recipients, template: { key: 'parcel' } });
  expect(many.body.problems[0]).toMatchObject({ ...problem, user_id: 'bob', index: 1 });
  expect(many.body.detail).toContain('recipients[1]');
  expect((await api.call('GET', '/v1/notifications')).body.items).toEqual([]);
});

it.each<[string, Record<string, unknown>, string]>([
  ['neither title nor template', {}, 'title'],
  ['a title beside a template', { ...use(), title: 'x' }, 'title'],
  ['a locale beside locales', { locales: { en: { title: 'x' } }, default_locale: 'en', locale: 'en' }, 'locale'],
  ['locales without a default', { locales: { en: { title: 'x' } } }, 'default_locale'],
  ['both', { ...use(), locales: { en: { title: 'x' } }, default_locale: 'en' }, 'locales'],
  ['variables beside a template', { ...use(), variables: {} }, 'variables'],
  ['variables without locales', { title: 'x', variables: { a: 1 } }, 'variables'],
  ['recipients beside users', { ...use(), recipients: [{ user_id: 'ada' }] }, 'recipients'],
  ['recipients with a title', { user_ids: undefined, title: 'x', recipients: [{ user_id: 'a' }] }, 'recipients'],
  [
    'one recipient twice',
    { ...use(), user_ids: undefined, recipients: [{ user_id: 'a' }, { user_id: 'a' }] },
    'recipients',
  ],
  ['a variable that is a list', use({ name: ['a'] }), 'template.variables.name'],
  ['a variable that is null', use({ name: null }), 'template.variables.name'],
  ['`__proto__` as a variable', JSON.parse('{"template":{"key":"a","variables":{"__proto__":"x"}}}'), '__proto__'],
])('refuses %s', async (_what, json, path) => {
  await put();
  const answer = await send(json);
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  expect(JSON.stringify(answer.body.issues)).toContain(path);
});

it('takes ten thousand recipients with variables in one call, and an own text in locales', async () => {
  const recipients = Array.from({ length: 10_000 }, (_, index) => ({
    user_id: `user-${index}`,
    variables: { name: `Name ${index}`, n: index },
  }));
  const locales = { en: { title: 'Hello {name}', body: '{n, plural, one {# point} other {# points}}' } };
  const answer = await send({ user_ids: undefined, recipients, locales, default_locale: 'en' });
  expect(answer).toMatchObject({ status: 202, body: { user_count: 10_000 } });
  const mixed = [
    { user_id: 'a', variables: { name: 'A' } },
    { user_id: 'b', variables: { name: 5 } },
  ];
  const unfit = await send({
    user_ids: undefined,
    recipients: mixed,
    locales: { en: { title: '{name}' } },
    default_locale: 'en',
  });
  expect(unfit.body.problems[0]).toMatchObject({ variable: 'name', user_id: 'b', index: 1 });
});
