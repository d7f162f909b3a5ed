import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Delivery } from '../../../src/domain/delivery/delivery.ts';
import { type Api, SECRET, startApi } from '../../support/api.ts';
import { ConsoleVisitor, type Seen } from '../../support/console-visitor.ts';
import { deadLetter, workBulkActions } from '../../support/dead-letters.ts';

let api: Api;
let operator: ConsoleVisitor;
let viewer: ConsoleVisitor;
let [shipped, digest, rest]: Delivery[] = [];

const signedIn = async (secret: string): Promise<ConsoleVisitor> => {
  const visitor = new ConsoleVisitor(api);
  await visitor.post('sign-in', { secret });
  return visitor;
};
/** The fields of the form that is posted there. */
const fieldsOf = ({ text }: Seen, action: string): Record<string, string> => {
  const form = new RegExp(`<form method="post" action="${action}".*?</form>`, 's').exec(text)?.[0] ?? '';
  return Object.fromEntries([...form.matchAll(/name="(\w+)"[^>]*?value="([^"]*)"/g)].map((found) => found.slice(1)));
};
const operations = async () =>
  (await api.store.audit.after(0, 1000)).map(({ action }) => action).filter((action) => action !== 'signIn');

beforeAll(async () => {
  api = await startApi();
  [operator, viewer] = await Promise.all([signedIn(SECRET), signedIn('secret-that-reads-only')]);
  shipped = await deadLetter(api, 'ada', { remedy: 'Mend the VAPID subject.' });
  digest = await deadLetter(api, 'bob', { type: 'digest.daily' });
  rest = await deadLetter(api, 'cleo');
});
afterAll(() => api.dispose());

describe('dead letters', () => {
  it('are narrowed by all that the API knows, and lead to a plan of the same', async () => {
    const users = async (query: string) =>
      [...(await operator.get(`dead-letters?${query}`)).text.matchAll(/user\?id=(\w+)/g)].map(([, user]) => user);
    expect(await users('')).toEqual(['cleo', 'bob', 'ada']);
    expect(await users('type=digest.daily')).toEqual(['bob']);
    expect(await users('remedy=vapid')).toEqual(['ada']);
    expect(await users(`notification=${rest!.notificationId}`)).toEqual(['cleo']);
    expect(await users('until=2026-01-01T00:00')).toEqual([]);
    expect(await users('from=2026-01-01T00:00&reason=rejected&service=other')).toEqual(['cleo', 'bob', 'ada']);
    const { text } = await operator.get('dead-letters?remedy=vapid');
    expect(text).toContain('href="bulk-plan?action=replay&amp;remedy=vapid"');
    expect((await operator.get('dead-letters?reason=odd')).status).toBe(400);
    expect((await viewer.get('dead-letters?remedy=vapid')).text).not.toContain('bulk-plan');
  });

  it('are replayed together: planned with counts, begun once, and shown until it is done', async () => {
    const plan = await operator.get('bulk-plan?action=replay&type=digest.daily');
    expect(plan.text).toContain('1 dead letter is meant.');
    expect(await operations()).toEqual([]);
    const fields = { ...fieldsOf(plan, 'start-bulk'), ttl_seconds: '60' };
    expect(fields).toMatchObject({ action: 'replay', type: 'digest.daily' });
    const begun = await operator.post('start-bulk', fields);
    const to = begun.headers.get('location')!;
    expect([begun.status, to]).toEqual([303, expect.stringMatching(/^bulk-action\?id=bla_\w+&done=bulk-begun$/)]);
    expect((await operator.post('start-bulk', fields)).headers.get('location')).toBe(to);
    expect((await operator.get(to)).text).toContain('Replay: running');
    await workBulkActions(api);
    const done = await operator.get(to);
    for (const told of ['Replay: completed', '1 of 1', '60 s from its replay']) expect(done.text).toContain(told);
    expect((await api.store.deliveries.get(digest!.id))?.state).toBe('pending');
    expect((await api.store.deliveries.get(shipped!.id))?.state).toBe('failed');
    expect((await operator.get('dead-letters')).text).toContain('>replay</a>');
    const id = new URLSearchParams(to.split('?')[1]).get('id')!;
    const live = JSON.parse((await operator.get(`bulk-progress?id=${id}`)).text);
    expect(live).toEqual({ value: 1, max: 1, says: '1 of 1', isOver: true });
    expect((await new ConsoleVisitor(api).get(`bulk-progress?id=${id}`)).status).toBe(403);
  });

  it('are called off by an operator, and by nobody else', async () => {
    const fields = fieldsOf(await operator.get('bulk-plan?action=discard'), 'start-bulk');
    expect((await viewer.get('bulk-plan?action=discard')).text).not.toContain('method="post" action="start-bulk"');
    expect((await viewer.post('start-bulk', fields)).status).toBe(403);
    expect((await operator.post('start-bulk', { ...fields, once: 'twice' })).status).toBe(400);
    const to = (await operator.post('start-bulk', fields)).headers.get('location')!;
    expect((await viewer.get(to)).text).not.toContain('cancel-bulk');
    const { id } = fieldsOf(await operator.get(to), 'cancel-bulk');
    expect((await viewer.post('cancel-bulk', { id: id! })).status).toBe(403);
    await operator.post('cancel-bulk', { id: id! });
    await workBulkActions(api);
    expect((await operator.get(`bulk-action?id=${id}`)).text).toContain('Discard: cancelled');
    expect((await viewer.get('bulk-actions')).text).toContain('cancelled');
    expect((await api.store.deliveries.get(rest!.id))?.state).toBe('failed');
    expect((await operations()).filter((action) => action.endsWith('BulkAction'))).toEqual([
      'startBulkAction',
      'startBulkAction',
      'startBulkAction',
      'startBulkAction',
      'startBulkAction',
      'cancelBulkAction',
    ]);
  });

  it('of one notification are replayed from its page', async () => {
    const { text } = await operator.get(`notification?id=${rest!.notificationId}`);
    expect(text).toContain(`href="bulk-plan?action=replay&amp;notification=${rest!.notificationId}"`);
    const plan = await operator.get(`bulk-plan?action=replay&notification=${rest!.notificationId}`);
    await operator.post('start-bulk', fieldsOf(plan, 'start-bulk'));
    await workBulkActions(api);
    expect((await api.store.deliveries.get(rest!.id))?.state).toBe('pending');
    expect((await api.store.deliveries.get(shipped!.id))?.state).toBe('failed');
  });
});
