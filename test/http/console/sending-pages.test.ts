import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Api, SECRET, startApi } from '../../support/api.ts';
import { ConsoleVisitor } from '../../support/console-visitor.ts';

const HOSTILE = `<img src=x onerror=alert(1)>"'&<script>alert(1)</script>`;
const HARM = ['<img src=x', '<script>alert'];
const NOTIFICATION = { type: 'digest.daily', title: 'Good morning', audience: { everyone: true } };
const SCHEDULE = { cron: '30 2 * * *', time_zone: 'Europe/Berlin', notification: NOTIFICATION };
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
  operator = await signedIn('operator');
});
afterEach(() => api.dispose());

async function signedIn(role: 'operator' | 'viewer'): Promise<ConsoleVisitor> {
  const visitor = new ConsoleVisitor(api);
  const secret = role === 'operator' ? SECRET : 'secret-that-reads-only';
  expect((await visitor.post('sign-in', { secret })).status).toBe(303);
  return visitor;
}

/** Who did what on what, and what it was refused with. */
const audited = async () =>
  (await api.store.audit.after(0, 1000))
    .map(({ who, action, target, refusal }) => [who.text, action, target.text, refusal])
    .filter(([, action]) => action !== 'signIn');

const put = (path: string, json: unknown) => api.call('PUT', path, { json });
const onceIn = (html: string) => /name="once" value="([^"]*)"/.exec(html)?.[1] ?? '';

describe('schedules', () => {
  it('are listed with their next time in words, and what is not kept can be tried', async () => {
    expect((await operator.get('schedules')).text).toContain('There is none yet');
    await put('/v1/schedules/weekday', { ...SCHEDULE, cron: '0 9 * * 1-5' });
    const { text } = await operator.get('schedules?cron=0+12+*+*+0&zone=recipient');
    expect(text).toMatch(/<a href="schedule\?key=weekday">weekday<\/a>/);
    expect(text).toMatch(/day, \d+ \w+ \d{4} at 09:00 in Europe\/Berlin/);
    expect(text).toMatch(/Sunday, \d+ \w+ \d{4} at 12:00, where each user lives/);
    expect((await operator.get('schedules?cron=0+12+*+*+0&zone=Nowhere')).text).toContain('That is no time zone');
    expect((await operator.get('schedules?cron=61+*+*+*+*')).text).toContain('role="alert"');
  });

  it('show their times on a calendar, and mark those that a change of clocks moves', async () => {
    api.clock.advance(Date.parse('2026-03-27T12:00:00Z') - api.clock.now());
    operator = await signedIn('operator');
    await put('/v1/schedules/nightly', SCHEDULE);
    const { text, status } = await operator.get('schedule?key=nightly');
    expect(status).toBe(200);
    expect(text).toContain('Next: Saturday, 28 March 2026 at 02:30 in Europe/Berlin.');
    expect(text).toContain('Sunday, 29 March 2026 at 03:30 in Europe/Berlin');
    expect(text).toContain('moved on: clocks leave that minute out');
    expect(text).toMatch(/<td aria-current="date"><span class="day">27 Mar<\/span>/);
    expect(text).toMatch(/class="has"><span class="day">29 Mar<\/span> <span class="state held">once/);
    expect(gzipSync(text).byteLength).toBeLessThan(30 * 1024);
  });

  it('are paused, go on, are sent by hand once however often the button is pressed, and deleted', async () => {
    await put('/v1/schedules/nightly', SCHEDULE);
    expect((await operator.post('pause-schedule', { key: 'nightly' })).headers.get('location')).toBe(
      'schedule?key=nightly&done=saved',
    );
    const paused = await operator.get('schedule?key=nightly');
    expect(paused.text).toContain('Paused: nothing is sent.');
    await operator.post('go-on-with-schedule', { key: 'nightly' });
    const once = onceIn(paused.text);
    const [sent, again] = [
      await operator.post('trigger-schedule', { key: 'nightly', once }),
      await operator.post('trigger-schedule', { key: 'nightly', once }),
    ];
    expect(sent.headers.get('location')).toMatch(/^notification\?id=ntf_\w+&done=accepted$/);
    expect(again.headers.get('location')).toBe(sent.headers.get('location'));
    expect((await operator.get('schedule?key=nightly')).text).toContain('<span class="state delivered">sent</span>');
    expect((await operator.post('trigger-schedule', { key: 'nightly' })).status).toBe(400);
    await operator.post('delete-schedule', { key: 'nightly' });
    expect((await operator.get('schedule?key=nightly')).status).toBe(404);
    expect(await audited()).toEqual([
      ['default', 'putSchedule', 'nightly', null],
      ['default', 'patchSchedule', 'nightly', null],
      ['default', 'patchSchedule', 'nightly', null],
      ['default', 'triggerSchedule', 'nightly', null],
      ['default', 'triggerSchedule', 'nightly', null],
      ['default', 'triggerSchedule', 'nightly', null],
      ['default', 'triggerSchedule', 'nightly', 'invalid_request'],
      ['default', 'deleteSchedule', 'nightly', null],
    ]);
  });

  it('are kept by the form, which is shown again with what was typed where it is refused', async () => {
    const typed = {
      ...{ key: 'new', cron: '0 9 * * *', time_zone: 'Europe/Berlin', starts_at: '', ends_at: '' },
      ...{ catch_up_seconds: '60', notification: JSON.stringify(NOTIFICATION) },
    };
    const refused = await operator.post('put-schedule', { ...typed, cron: '0 9 31 2 *' });
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('value="0 9 31 2 *"')]);
    expect((await operator.post('put-schedule', { ...typed, notification: '{' })).text).toContain('not valid JSON');
    expect((await operator.post('put-schedule', typed)).headers.get('location')).toBe('schedule?key=new&done=saved');
    expect(await audited()).toEqual([
      ['default', 'putSchedule', 'new', null],
      ['default', 'putSchedule', 'new', 'invalid_schedule'],
      ['default', 'putSchedule', 'new', null],
      ['default', 'putSchedule', 'new', 'invalid_request'],
      ['default', 'putSchedule', 'new', null],
    ]);
  });
});

describe('templates', () => {
  it('are shown in each locale as a device shows them, with values that can be tried, and in earlier versions', async () => {
    expect((await operator.get('templates')).text).toContain('There is none yet');
    await put('/v1/templates/parcel', TEMPLATE);
    await put('/v1/templates/parcel', { ...TEMPLATE, locales: { en: TEMPLATE.locales.en } });
    expect((await operator.get('templates')).text).toContain('<a href="template?key=parcel">parcel</a>');
    const newest = await operator.get('template?key=parcel&v.n=1');
    expect(newest.text).toContain('1 parcel<');
    expect(newest.text).not.toContain('Paket');
    const earlier = await operator.get('template?key=parcel&version=1&v.name=Eve&v.n=5');
    for (const words of ['Hello Eve', '5 parcels', 'Hallo Eve', '5 Pakete', 'An earlier version', 'octets'])
      expect(earlier.text).toContain(words);
    const { text: hostile } = await operator.get(`template?key=parcel&v.name=${encodeURIComponent(HOSTILE)}`);
    expect(hostile).toContain('Hello &lt;img src=x');
    for (const harm of HARM) expect(hostile).not.toContain(harm);
    expect((await operator.get('template?key=parcel&v.n=many')).text).toContain('role="alert"');
    expect((await operator.get('template?key=parcel&version=9')).status).toBe(404);
  });

  it('get new versions by the form, or say why not, and are deleted', async () => {
    const template = JSON.stringify(TEMPLATE);
    expect((await operator.post('put-template', { key: 'new', template })).headers.get('location')).toBe(
      'template?key=new&done=saved',
    );
    const broken = template.replace('Hello {name}', 'Hello {nobody}');
    const refused = await operator.post('put-template', { key: 'new', template: broken });
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('nobody')]);
    await operator.post('delete-template', { key: 'new' });
    expect((await operator.get('template?key=new')).status).toBe(404);
    expect((await audited()).map(([, action, , refusal]) => [action, refusal])).toEqual([
      ['putTemplate', null],
      ['putTemplate', null],
      ['putTemplate', 'invalid_template'],
      ['deleteTemplate', null],
    ]);
  });
});

describe('a viewer', () => {
  const CHANGES = ['put-schedule', 'pause-schedule', 'go-on-with-schedule', 'trigger-schedule', 'delete-schedule'];
  const MORE = [
    'put-template',
    'delete-template',
    'put-segment',
    'delete-segment',
    'put-type',
    'delete-type',
    'compose',
  ];

  it('sees no form that changes something, and no content', async () => {
    await put('/v1/schedules/nightly', SCHEDULE);
    await put('/v1/templates/parcel', TEMPLATE);
    await put('/v1/segments/vip', { tags: 'staff' });
    const viewer = await signedIn('viewer');
    for (const page of ['schedules', 'schedule?key=nightly', 'templates', 'template?key=parcel', 'audiences']) {
      const { text, status } = await viewer.get(page);
      expect(status).toBe(200);
      const actions = [...text.matchAll(/<form[^>]*method="post"[^>]*action="([^"]*)"/g)].map(([, action]) => action);
      expect(actions, page).toEqual(['sign-out']);
      for (const words of ['Good morning', 'Hello {name}', 'Hello Ada']) expect(text, page).not.toContain(words);
    }
    expect((await viewer.get('compose')).status).toBe(403);
    for (const name of [...CHANGES, ...MORE]) expect((await viewer.post(name, { key: 'x' })).status, name).toBe(403);
  });

  it('sees content where that is allowed', async () => {
    await api.dispose();
    api = await startApi({ viewersSeeContent: true });
    await put('/v1/templates/parcel', TEMPLATE);
    expect((await (await signedIn('viewer')).get('template?key=parcel')).text).toContain('Hello Ada');
  });
});

it('shows whatever callers wrote as text', async () => {
  const notification = { ...NOTIFICATION, title: HOSTILE, data: { note: HOSTILE } };
  await put('/v1/schedules/hostile', { ...SCHEDULE, notification });
  const locales = {
    en: {
      title: `'${HOSTILE.replaceAll("'", '')}'`,
      body: 'x',
      actions: [{ action: 'a', title: `'${HOSTILE.replaceAll("'", '')}'` }],
    },
  };
  expect((await put('/v1/templates/hostile', { default_locale: 'en', locales })).status).toBe(200);
  const asked = encodeURIComponent(HOSTILE);
  for (const page of [
    'schedule?key=hostile',
    `schedules?cron=${asked}&zone=${asked}`,
    'template?key=hostile',
    `audiences?tags=${asked}&type=${asked}&segment=${asked}`,
    `compose?title=${asked}&body=${asked}&tags=${asked}&user_ids=${asked}&variables=${asked}`,
  ]) {
    const { text } = await operator.get(page);
    for (const harm of HARM) expect(text, page).not.toContain(harm);
  }
});
