import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROBLEMS } from '../../../src/http/kit/problem.ts';
import { type Api, startApi } from '../../support/api.ts';
import { BAD_BODIES } from './bad-bodies.ts';
import { BAD_CALLERS } from './bad-callers.ts';
import { BAD_NOTIFICATIONS, NOTIFICATIONS } from './bad-notifications.ts';
import { BAD_READINGS } from './bad-readings.ts';
import { BAD_SUBSCRIPTIONS } from './bad-subscriptions.ts';

const table = [...BAD_NOTIFICATIONS, ...BAD_BODIES, ...BAD_SUBSCRIPTIONS, ...BAD_CALLERS, ...BAD_READINGS];

describe('bad inputs', () => {
  let api: Api;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.dispose());

  it.each(table.map((row, at) => [`${at + 1}. ${row[0]}`, row] as const))('%s', async (_, row) => {
    const [, code, method, path, call] = row;
    const answer = await api.call(method, path, call);
    expect(answer.body.code, answer.text.slice(0, 500)).toBe(code);
    expect(answer.status).toBe(PROBLEMS[code].status);
    expect(answer.body.type).toBe(`urn:bellhop:error:${code}`);
    expect(answer.body.request_id).toBe(answer.headers.get('x-request-id'));
    expect(answer.text.length).toBeLessThan(8000);
    expect(api.errors).toEqual([]);
  });

  it('are at least 80, and left nothing behind', async () => {
    expect(table.length).toBeGreaterThanOrEqual(80);
    expect((await api.call('GET', '/v1/subscriptions')).body.items).toEqual([]);
    expect((await api.call('GET', NOTIFICATIONS)).body.items).toEqual([]);
    expect(api.jobs).toEqual([]);
  });
});
