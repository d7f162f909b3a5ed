import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Api, startApi } from '../../support/api.ts';
import { NOW_MS } from '../../support/samples.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

const sending = async () => (await api.call('GET', '/v1/sending')).body;
const on = { state: 'on', cause: null, paused_since: null };
const paused = { state: 'paused', cause: 'asked', paused_since: new Date(NOW_MS).toISOString() };

it('is paused and resumed, each as often as somebody likes', async () => {
  expect(await sending()).toEqual(on);
  for (const _ of [1, 2]) {
    expect(await api.call('POST', '/v1/sending/pause')).toMatchObject({ status: 200, body: paused });
    api.clock.advance(1000);
  }
  expect(await sending()).toEqual(paused);
  for (const waiting of ['drop', 'send'])
    expect((await api.call('POST', '/v1/sending/resume', { json: { waiting } })).body).toEqual(on);
});

it('is told by /readyz, in words', async () => {
  await api.call('POST', '/v1/sending/pause');
  const { status, body } = await api.call('GET', '/readyz', { sign: 'none' });
  expect([status, body.status, body.checks]).toEqual([200, 'paused', { store: 'ok', queue: 'ok' }]);
  expect(body.problems.sending).toContain('bellhop resume');
});

it('accepts and keeps what comes meanwhile', async () => {
  await api.call('POST', '/v1/sending/pause');
  const { id } = await api.notify(['ada']);
  expect((await api.call('GET', `/v1/notifications/${id}`)).status).toBe(200);
});

it('is not resumed without a word on what waits', async () => {
  for (const json of [{}, { waiting: 'maybe' }, { waiting: 'send', now: true }]) {
    expect((await api.call('POST', '/v1/sending/resume', { json })).body).toMatchObject({ code: 'invalid_request' });
  }
});
