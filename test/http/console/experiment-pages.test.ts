import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RECEIPT_EVENTS } from '../../../src/domain/receipt/receipt.ts';
import { type Api, SECRET, startApi } from '../../support/api.ts';
import { ConsoleVisitor } from '../../support/console-visitor.ts';
import { end } from '../../support/deliver.ts';
import { fanOutAt } from '../../support/fan-out-at.ts';

const HOSTILE = '<img src=x onerror=alert(1)>';
const EXPERIMENT = { key: 'sale', test_percent: 50, decide_after_seconds: 600, if_inconclusive: 'send_heaviest' };
const VARIANTS = [
  { key: 'plain', weight: 1, title: 'Sale' },
  { key: 'loud', weight: 1, title: HOSTILE },
];

let api: Api;
let operator: ConsoleVisitor;
let viewer: ConsoleVisitor;
let id: string;

beforeAll(async () => {
  api = await startApi({ tracking: RECEIPT_EVENTS });
  operator = new ConsoleVisitor(api);
  viewer = new ConsoleVisitor(api);
  await operator.post('sign-in', { secret: SECRET });
  await viewer.post('sign-in', { secret: 'secret-that-reads-only' });
  const users = Array.from({ length: 20 }, (_, index) => `user-${index}`);
  for (const user of users) await api.register(user);
  const json = { type: 'news', user_ids: users, variants: VARIANTS, experiment: EXPERIMENT };
  id = (await api.call('POST', '/v1/notifications', { json })).body.id;
  await fanOutAt(api.store, { id, priority: 'normal' }, { nowMs: api.clock.now() });
});
afterAll(() => api.dispose());

describe('experiments at the console', () => {
  it('are listed, and each has its sentence, its variants and its terms', async () => {
    const { body } = await api.call('GET', `/v1/notifications/${id}/deliveries`);
    await end(api.store, api.clock, body.items[0].id, 'delivered');
    const [{ variant }] = body.items;
    for (const who of [operator, viewer]) {
      const list = (await who.get('experiments')).text;
      expect(list).toContain('<a href="experiment?key=sale">sale</a>');
      expect(list).toContain('Nothing can be said yet');
      const { status, text } = await who.get('experiment?key=sale');
      expect([status, text.includes('Nothing can be said yet')]).toEqual([200, true]);
      for (const said of [
        'plain',
        'loud',
        '50 %, decided after 600 s',
        'the others get the heaviest',
        `notification?id=${id}`,
      ])
        expect(text).toContain(said);
      // One delivered, none clicked: the picture, and the same in words.
      expect(text).toMatch(/0\.0 % <small>between 0\.0 % and 9\d\.\d %<\/small>\s*<svg class="interval"/);
      expect(text).not.toContain(HOSTILE);
    }
    expect((await operator.get(`delivery?id=${body.items[0].id}`)).text).toContain(`<dd>${variant}</dd>`);
    expect((await operator.get('experiment?key=none')).status).toBe(404);
  });

  it('stand with their notification: what each variant says only for whom it may be shown', async () => {
    const [seen, hidden] = await Promise.all([operator, viewer].map((who) => who.get(`notification?id=${id}`)));
    for (const { text } of [seen!, hidden!])
      expect(text).toContain('Experiment <a href="experiment?key=sale">sale</a>');
    expect(seen!.text).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(seen!.text).not.toContain(HOSTILE);
    expect(seen!.text).toMatch(/<li>Test sent <time .*<li>Test decided <span class="muted">to come<\/span>/s);
    expect(hidden!.text).not.toContain('onerror');
  });
});
