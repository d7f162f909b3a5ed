import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AuditEntry, faultOf, NO_ENTRY } from '../../../src/domain/audit/audit-entry.ts';
import { type Api, SECRET, startApi } from '../../support/api.ts';
import { ConsoleVisitor } from '../../support/console-visitor.ts';

let api: Api;

beforeEach(async () => {
  api = await startApi();
});

afterEach(() => api.dispose());

const entries = async (): Promise<readonly AuditEntry[]> => api.store.audit.after(0, 1000);
const told = async () =>
  (await entries()).map(({ by, who, action, target, refusal }) => [by, who.text, action, target.text, refusal]);

describe('the audit log', () => {
  it('has each change by the API, before it is made, and why one was refused', async () => {
    await api.call('PUT', '/v1/segments/vip', { json: { tags: 'a' }, headers: { 'X-Request-Id': 'mine' } });
    await api.call('PATCH', '/v1/users/bob', { json: { tags: ['a'] }, keyId: 'shop', secret: 'secret-of-the-shop' });
    await api.call('POST', '/v1/deliveries/dlv_none/replay', { sign: 'bearer' });
    expect(await told()).toEqual([
      ['key', 'default', 'putSegment', 'vip', null],
      ['key', 'shop', 'patchUser', 'bob', null],
      ['key', 'default', 'replayDelivery', 'dlv_none', null],
      ['key', 'default', 'replayDelivery', 'dlv_none', 'delivery_not_found'],
    ]);
    const [first] = await entries();
    expect(first).toMatchObject({ requestId: 'mine', atMs: api.clock.now() });
    expect(faultOf(NO_ENTRY, first!)).toBeNull();
  });

  it('has nothing of what is only read, refused at the door, or on record by itself', async () => {
    const { id } = await api.register('bob');
    await api.notify(['bob']);
    await api.call('POST', '/v1/audiences/count', { json: { tags: 'a' } });
    await api.call('GET', `/v1/subscriptions/${id}`);
    await api.call('PUT', '/v1/segments/vip', { json: { tags: '&&&' }, sign: 'none' });
    await api.call('PUT', '/v1/segments/vip', { json: {} });
    const { body } = await api.call('POST', '/v1/subscriber-tokens', { json: { user_id: 'bob' } });
    const own = { sign: 'none' as const, headers: { Authorization: `Bearer ${body.token}` } };
    expect((await api.call('PATCH', '/v1/users/bob', { ...own, json: { locale: 'de' } })).status).toBe(200);
    expect(await told()).toEqual([]);
  });

  it('has who came to the console and left it', async () => {
    const visitor = new ConsoleVisitor(api);
    await visitor.post('sign-in', { secret: 'wrong' });
    await visitor.post('sign-in', { secret: SECRET });
    await visitor.post('sign-out');
    expect(await told()).toEqual([
      ['operator', 'default', 'signIn', '', null],
      ['operator', 'default', 'signOut', '', null],
    ]);
  });

  it('changes nothing that it cannot take on record', async () => {
    await api.dispose();
    api = await startApi({
      wrapStore: (store) => ({ ...store, audit: { ...store.audit, append: () => Promise.reject(new Error('away')) } }),
    });
    expect((await api.call('PUT', '/v1/segments/vip', { json: { tags: 'a' } })).status).toBe(500);
    expect((await api.call('GET', '/v1/segments')).body.items).toEqual([]);
  });
});

describe('GET /v1/audit', () => {
  beforeEach(async () => {
    for (const key of ['a', 'b', 'c']) await api.call('PUT', `/v1/segments/${key}`, { json: { tags: 'x' } });
    await api.call('DELETE', '/v1/segments/b');
  });

  it('lists the newest first, filtered, page by page', async () => {
    const { body } = await api.call('GET', '/v1/audit?limit=2');
    expect(body.items.map(({ seq, action }: { seq: number; action: string }) => [seq, action])).toEqual([
      [4, 'deleteSegment'],
      [3, 'putSegment'],
    ]);
    const rest = await api.call('GET', `/v1/audit?limit=2&cursor=${body.next_cursor}`);
    expect([rest.body.items.length, rest.body.next_cursor]).toEqual([2, null]);
    const ofB = await api.call('GET', '/v1/audit?target=b&action=putSegment&who=default');
    expect(ofB.body.items).toMatchObject([{ seq: 2, by: 'key', target: { text: 'b' } }]);
  });

  it('gives the whole chain as NDJSON', async () => {
    const { text, headers } = await api.call('GET', '/v1/audit/export?after=1');
    expect(headers.get('content-type')).toBe('application/x-ndjson');
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ seq }) => seq)).toEqual([2, 3, 4]);
    expect(lines[1].previous).toBe(lines[0].hash);
  });
});
