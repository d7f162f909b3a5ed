import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, startApi } from '../../support/api.ts';
import { ConsoleVisitor, latestAudited, signInBoth } from '../../support/console-visitor.ts';

let api: Api;
let operator: ConsoleVisitor;
let viewer: ConsoleVisitor;

beforeAll(async () => {
  api = await startApi();
  ({ operator, viewer } = await signInBoth(api));
  await api.register('bob');
});
afterAll(() => api.dispose());

const devices = async (userId: string) =>
  (await api.call('GET', `/v1/subscriptions?user_id=${userId}`)).body.items.length;
const latest = () => latestAudited(api);

describe('erasing a person at the console', () => {
  it('is for operators alone, and asks on a page of its own', async () => {
    expect((await operator.get('user?id=bob')).text).toContain('href="erase-user?id=bob"');
    expect((await operator.get('erase-user?id=bob')).text).toContain('Erase bob?');
    expect((await operator.get('erase-user?id=')).status).toBe(404);
    for (const page of ['erase-user?id=bob', 'export-user?id=bob']) expect((await viewer.get(page)).status).toBe(403);
    expect((await viewer.post('erase-user', { id: 'bob', typed: 'bob' })).status).toBe(403);
    expect((await viewer.get('user?id=bob')).text).not.toContain('erase-user');
    expect((await new ConsoleVisitor(api).get('export-user?id=bob')).status).toBe(403);
    expect(await devices('bob')).toBe(1);
  });

  it('erases nobody whose id is not typed', async () => {
    for (const typed of ['', 'bo', 'bob ']) {
      const { status, text } = await operator.post('erase-user', { id: 'bob', typed });
      expect([status, text.includes('nothing was erased')]).toEqual([400, true]);
    }
    expect(await devices('bob')).toBe(1);
    expect(await latest()).toEqual(['eraseUser', '', 'invalid_request']);
  });

  it('gives all that is known of them as a file', async () => {
    const { headers, text } = await operator.get('export-user?id=bob');
    expect(headers.get('content-disposition')).toBe('attachment; filename="bellhop-user.json"');
    expect(JSON.parse(text)).toMatchObject({ user_id: 'bob', subscriptions: [{ user_id: 'bob' }] });
  });

  it('erases, on record without the name, and shows a receipt that is genuine', async () => {
    const { headers } = await operator.post('erase-user', { id: 'bob', typed: 'bob' });
    const to = headers.get('location') ?? '';
    expect(to).toMatch(/^erasure\?id=era_/);
    expect(await devices('bob')).toBe(0);
    expect(await latest()).toEqual(['eraseUser', '', null]);
    const { text } = await operator.get(to);
    expect(text).toContain('<dt>subscriptions</dt><dd>1</dd>');
    const json = /<pre[^>]*>([^<]*)<\/pre>/.exec(text)?.[1]?.replaceAll('&quot;', '"') ?? '';
    const verified = { receipt: JSON.parse(json), user_id: 'bob' };
    const { body } = await api.call('POST', '/v1/erasures/verify', { json: verified });
    expect(body).toEqual({ is_genuine: true, is_of_user: true });
    const id = to.slice('erasure?id='.length);
    expect((await operator.get(`search?q=${id}`)).headers.get('location')).toBe(to);
    expect((await operator.get('erasure?id=era_none')).status).toBe(404);
  });
});
