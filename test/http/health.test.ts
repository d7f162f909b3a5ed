import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '../../src/domain/app-error.ts';
import { READINESS_LIMIT_MS } from '../../src/http/probe.ts';
import { type Api, type ApiOptions, startApi } from '../support/api.ts';
import { until } from '../support/until.ts';

let api: Api;
const start = async (options: ApiOptions = {}) => {
  api = await startApi(options);
};
const open = (path: string) => api.call('GET', path, { sign: 'none' });
afterEach(() => api.dispose());

describe('health', () => {
  it('tells that the process lives, and its version', async () => {
    await start();
    const answer = await open('/healthz');
    expect([answer.status, answer.body]).toEqual([200, { status: 'ok', version: '1.2.3' }]);
  });

  it('is ready when store and queue are', async () => {
    await start();
    const answer = await open('/readyz');
    const problems = { store: null, queue: null, sending: null };
    const checks = { store: 'ok', queue: 'ok' };
    expect([answer.status, answer.body]).toEqual([200, { status: 'ready', checks, problems }]);
    expect(api.clock.waiting()).toBe(0);
  });

  const works = async () => {};
  const fails = () => Promise.reject(new AppError('store_unavailable', 'It is broken: mend it.'));
  const hangs = () => new Promise<void>(() => {});

  it('is not ready when the store fails', async () => {
    await start({ readiness: { store: fails, queue: works } });
    const answer = await open('/readyz');
    const checks = { store: 'failing', queue: 'ok' };
    const problems = { store: 'It is broken: mend it.', queue: null, sending: null };
    expect([answer.status, answer.body]).toEqual([503, { status: 'not_ready', checks, problems }]);
  });

  it('goes on accepting when only the queue fails, and says so', async () => {
    await start({ readiness: { store: works, queue: fails } });
    const answer = await open('/readyz');
    const checks = { store: 'ok', queue: 'failing' };
    const problems = { store: null, queue: 'It is broken: mend it.', sending: null };
    expect([answer.status, answer.body]).toEqual([200, { status: 'degraded', checks, problems }]);
  });

  it.each([
    ['store', { store: hangs, queue: works }, 503, { store: 'failing', queue: 'ok' }],
    ['queue', { store: works, queue: hangs }, 200, { store: 'ok', queue: 'failing' }],
  ])('answers in bounded time when the %s hangs, and says which it is', async (_, readiness, status, checks) => {
    await start({ readiness });
    const answer = open('/readyz');
    await until('it waits', () => api.clock.waiting() > 0);
    api.clock.advance(READINESS_LIMIT_MS);
    expect(await answer).toMatchObject({ status, body: { checks } });
  });

  it('answers nothing else in a process that only sends', async () => {
    await start({ servesApi: false });
    expect((await open('/healthz')).status).toBe(200);
    const answer = await api.app.request('/v1/notifications');
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({
      code: 'route_not_found',
      detail: expect.stringContaining('ROLES=worker'),
    });
  });

  it('stays alive while shutting down, but is no longer ready', async () => {
    await start({ isStopping: () => true });
    expect((await open('/healthz')).status).toBe(200);
    expect((await open('/readyz')).status).toBe(503);
  });

  it('gives the public key to anyone', async () => {
    await start();
    expect((await open('/v1/push/public-key')).body).toEqual({ public_key: 'BExampleVapidPublicKey' });
  });
});
