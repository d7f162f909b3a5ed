import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Api, SECRET, startApi } from '../../support/api.ts';
import { ConsoleVisitor } from '../../support/console-visitor.ts';

const HOSTILE = `<img src=x onerror=alert(1)>`;

let api: Api;
let operator: ConsoleVisitor;

beforeEach(async () => {
  api = await startApi();
  operator = new ConsoleVisitor(api);
  await operator.post('sign-in', { secret: SECRET });
});

afterEach(() => api.dispose());

describe('schedules and templates', () => {
  it('show the coming times and what came of them; pause, go on and send now', async () => {
    const notification = { type: 'note', title: HOSTILE, user_ids: ['bob'] };
    const json = { cron: '0 9 * * 1', time_zone: 'Europe/Berlin', notification };
    expect((await api.call('PUT', '/v1/schedules/weekly', { json })).status).toBeLessThan(300);
    const { text } = await operator.get('schedule?key=weekly');
    for (const told of ['0 9 * * 1', '09:00 local', '&lt;img']) expect(text).toContain(told);
    expect(text).not.toContain('<img src=x');
    const isPaused = async () => (await api.store.schedules.get('weekly'))?.isPaused;
    await operator.post('pause-schedule', { key: 'weekly' });
    expect([await isPaused(), (await operator.get('schedules')).text]).toEqual([
      true,
      expect.stringContaining('paused'),
    ]);
    await operator.post('go-on-with-schedule', { key: 'weekly' });
    expect(await isPaused()).toBe(false);
    const sent = await operator.post('trigger-schedule', { key: 'weekly' });
    expect(sent.headers.get('location')).toMatch(/^notification\?id=ntf_/);
    expect((await operator.get('schedule?key=weekly')).text).toContain('sent');
  });

  it('show each version, and what a reader of each locale would get', async () => {
    const json = {
      ...{ default_locale: 'en', variables: { name: 'string' } },
      locales: { en: { title: 'Hello {name}' }, de: { title: 'Hallo {name}' } },
    };
    expect((await api.call('PUT', '/v1/templates/hello', { json })).status).toBeLessThan(300);
    expect((await operator.get('templates')).text).toContain('hello');
    const values = encodeURIComponent(JSON.stringify({ name: '<b>Bob' }));
    const { text } = await operator.get(`template?key=hello&values=${values}`);
    for (const told of ['Hello &lt;b&gt;Bob', 'Hallo &lt;b&gt;Bob', 'name: string']) expect(text).toContain(told);
    expect((await operator.get('template?key=hello&values=x')).text).toContain('no JSON');
  });
});
