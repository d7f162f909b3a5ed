import { afterEach, describe, expect, it } from 'vitest';
import { READINESS_LIMIT_MS } from '../../src/http/health.ts';
import { type Api, type ApiOptions, startApi } from '../support/api.ts';

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
    expect([answer.status, answer.body]).toEqual([200, { status: 'ready', checks: { store: 'ok', queue: 'ok' } }]);
    expect(api.clock.waiting()).toBe(0);
  });

  it.each([
    ['one of them fails', async () => ({ store: false, queue: true }), { store: 'failing', queue: 'ok' }],
    ['the check itself fails', () => Promise.reject(new Error('no')), { store: 'failing', queue: 'failing' }],
  ])('is not ready when %s', async (_, readiness, checks) => {
    await start({ readiness });
    const answer = await open('/readyz');
    expect([answer.status, answer.body]).toEqual([503, { status: 'not_ready', checks }]);
  });

  it('answers in bounded time when a check hangs', async () => {
    await start({ readiness: () => new Promise(() => {}) });
    const answer = open('/readyz');
    await Promise.resolve();
    api.clock.advance(READINESS_LIMIT_MS);
    expect((await answer).status).toBe(503);
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
