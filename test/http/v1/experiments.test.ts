import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RECEIPT_EVENTS } from '../../../src/domain/receipt/receipt.ts';
import { type Api, startApi } from '../../support/api.ts';
import { end } from '../../support/deliver.ts';
import { fanOutAt } from '../../support/fan-out-at.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi({ tracking: RECEIPT_EVENTS });
});
afterAll(() => api.dispose());

const USERS = Array.from({ length: 30 }, (_, index) => `user-${index}`);
const VARIANTS = [
  { key: 'short', weight: 1, title: 'Sale' },
  { key: 'long', weight: 2, title: 'The sale of the year', body: 'Everything must go.' },
];
let keys = 0;
const newKey = () => {
  keys += 1;
  return `subject-${keys}`;
};
const body = (overrides: object = {}) => ({
  type: 'news',
  user_ids: USERS,
  variants: VARIANTS,
  experiment: { key: newKey() },
  ...overrides,
});
const post = (json: object, path = '/v1/notifications') => api.call('POST', path, { json });
const get = async (path: string) => (await api.call('GET', path)).body;
const refusal = async (json: object, path?: string) => {
  const { status, body: answer } = await post(json, path);
  return { status, code: answer.code, detail: answer.detail, path: answer.path ?? answer.issues?.[0]?.path };
};
const fanOut = (id: string, nowMs = api.clock.now()) =>
  fanOutAt(api.store, { id, priority: 'normal' }, { nowMs, pageSize: 10 });

describe('an experiment', () => {
  beforeAll(async () => {
    for (const userId of USERS) await api.register(userId);
  });

  it('gives each user one variant or nothing, and tells what came of it', async () => {
    const key = newKey();
    const accepted = await post(body({ experiment: { key, holdout_percent: 30 } }));
    expect(accepted.status).toBe(202);
    const { id } = accepted.body;
    await fanOut(id);
    const notification = await get(`/v1/notifications/${id}`);
    expect(notification).toMatchObject({ title: 'Sale', experiment_key: key, user_count: USERS.length });
    expect(notification.variants).toMatchObject([
      { key: 'short', weight: 1, title: 'Sale', body: null, template: null },
      { key: 'long', weight: 2, title: 'The sale of the year', body: 'Everything must go.' },
    ]);
    const { items: deliveries } = await get(`/v1/notifications/${id}/deliveries?limit=100`);
    expect(deliveries.length + notification.suppressed.holdout).toBe(USERS.length);
    const [delivery] = deliveries.filter(({ variant }: { variant: string }) => variant === 'long');
    await end(api.store, api.clock, delivery.id, 'delivered');
    const token = api.receiptTokens.make(delivery.id);
    await api.call('POST', '/v1/receipts', { sign: 'none', json: { receipts: [{ token, event: 'clicked' }] } });
    const experiment = await get(`/v1/experiments/${key}`);
    const users = (variant: string) => deliveries.filter((one: { variant: string }) => one.variant === variant).length;
    expect(experiment).toMatchObject({
      key,
      sentence: expect.stringContaining('Nothing can be said yet'),
      winner: null,
      metric: 'clicked',
      holdout_percent: 30,
      test_percent: null,
      decided_at: null,
      variants: [
        { key: 'short', users: users('short'), delivered: 0, clicked: 0, rate: null, rate_from: null },
        { key: 'long', users: users('long'), delivered: 1, shown: 1, clicked: 1, rate: 1, rate_to: 1 },
      ],
    });
    expect((await get('/v1/experiments?limit=1')).items[0]).toEqual(experiment);
    const known = await get(`/v1/users/${delivery.user_id}/export`);
    const stages = ['clicked', 'delivered', 'shown', 'users'];
    expect(known.experiments).toEqual([{ key, variant: 'long', stages: expect.arrayContaining(stages) }]);
    const { items: suppressed } = await get(`/v1/notifications/${id}/suppressions?reason=holdout`);
    const [held] = suppressed;
    expect(held).toMatchObject({ reason: 'holdout', detail: { experiment: key, percent: 30 } });
    const why = await get(`/v1/users/${held.user_id}/explain?notification_id=${id}`);
    expect(why.sentence).toContain(`the experiment \`${key}\` keeps 30 % of its users without it`);
    const how = await get(`/v1/users/${delivery.user_id}/explain?notification_id=${id}`);
    expect(how.sentence).toContain(`as variant \`long\` of the experiment \`${key}\``);
  });

  it('says in a dry run who would be held out, and when the others would get it', async () => {
    const experiment = { key: newKey(), holdout_percent: 30, test_percent: 40, decide_after_seconds: 600 };
    const { body: answer } = await post(body({ experiment, ttl_seconds: 3600 }), '/v1/notifications/dry-run');
    expect(answer.suppressed.holdout).toBeGreaterThan(0);
    expect(answer.reached_user_count + answer.suppressed.holdout).toBe(USERS.length);
    const inTest = answer.variants.reduce((sum: number, one: { user_count: number }) => sum + one.user_count, 0);
    expect(answer.variants.map(({ key }: { key: string }) => key)).toEqual(['short', 'long']);
    expect(inTest).toBe(answer.waves[0].user_count);
    expect(answer.waves.map(({ at }: { at: string }) => Date.parse(at) - api.clock.now())).toEqual([0, 600_000]);
    expect((await api.call('GET', `/v1/experiments/${experiment.key}`)).body.code).toBe('experiment_not_found');
  });

  it('is tested first, and explain says what a user waits for', async () => {
    const experiment = { key: newKey(), test_percent: 40, decide_after_seconds: 600, if_inconclusive: 'send_heaviest' };
    const { body: accepted } = await post(body({ experiment, ttl_seconds: 3600 }));
    expect(accepted.status).toBe('scheduled');
    await fanOut(accepted.id);
    const { items: tested } = await get(`/v1/notifications/${accepted.id}/deliveries?limit=100`);
    const reached = new Set(tested.map((one: { user_id: string }) => one.user_id));
    const waiting = USERS.find((userId) => !reached.has(userId));
    const sentence = (await get(`/v1/users/${waiting}/explain?notification_id=${accepted.id}`)).sentence;
    expect(sentence).toContain(`once the test of the experiment \`${experiment.key}\` is decided`);
    expect(await get(`/v1/experiments/${experiment.key}`)).toMatchObject({
      notification_id: accepted.id,
      test_percent: 40,
    });
    await fanOut(accepted.id, api.clock.now() + 600_000);
    const { items: all } = await get(`/v1/notifications/${accepted.id}/deliveries?limit=100`);
    expect(all).toHaveLength(USERS.length);
    for (const { user_id: userId, variant } of all) if (!reached.has(userId)) expect(variant).toBe('long');
    expect(await get(`/v1/experiments/${experiment.key}`)).toMatchObject({
      decided_winner: null,
      decided_sends: 'long',
    });
    expect(await refusal(body({ experiment, ttl_seconds: 3600 }))).toMatchObject({
      status: 409,
      code: 'experiment_key_used',
    });
  });

  it('may be used again as it is, and not otherwise', async () => {
    const experiment = { key: newKey(), holdout_percent: 10 };
    expect((await post(body({ experiment }))).status).toBe(202);
    const words = VARIANTS.map((variant) => ({ ...variant, title: 'Another day' }));
    expect((await post(body({ experiment, variants: words }))).status).toBe(202);
    const heavier = VARIANTS.map((variant) => ({ ...variant, weight: 5 }));
    const others = [
      body({ experiment, variants: heavier }),
      body({ experiment: { ...experiment, holdout_percent: 20 } }),
      body({ experiment: { ...experiment, metric: 'shown' } }),
    ];
    for (const other of others)
      for (const path of ['/v1/notifications', '/v1/notifications/dry-run'])
        expect(await refusal(other, path)).toMatchObject({ status: 409, code: 'experiment_key_used' });
    const once = { headers: { 'Idempotency-Key': newKey() } };
    const test = body({ experiment: { key: newKey(), test_percent: 10, decide_after_seconds: 60 } });
    const first = await api.call('POST', '/v1/notifications', { json: test, ...once });
    const again = await api.call('POST', '/v1/notifications', { json: test, ...once });
    expect([first.body.id, again.status, again.body.replayed]).toEqual([again.body.id, 202, true]);
  });

  const test = { test_percent: 10, decide_after_seconds: 60 };
  const INVALID = 'invalid_request';
  const [PERCENT, DECIDED] = ['experiment.test_percent', 'experiment.decide_after_seconds'];
  it.each<[string, object, string, string]>([
    ['one variant', { variants: VARIANTS.slice(0, 1) }, INVALID, 'variants'],
    ['two with one key', { variants: [VARIANTS[0], VARIANTS[0]] }, INVALID, 'variants'],
    ['a weight of 0', { variants: [{ ...VARIANTS[0], weight: 0 }, VARIANTS[1]] }, INVALID, 'variants[0].weight'],
    ['variants without an experiment', { experiment: undefined }, INVALID, 'experiment'],
    ['an experiment without variants', { variants: undefined, title: 'x' }, INVALID, 'variants'],
    ['a variant that says nothing', { variants: [VARIANTS[0], { key: 'x', weight: 1 }] }, INVALID, 'variants[1].title'],
    ['a percentage over', { experiment: { key: 'x', holdout_percent: 91 } }, INVALID, 'experiment.holdout_percent'],
    [
      'nobody who waits',
      { experiment: { key: 'x', ...test, test_percent: 60, holdout_percent: 40 } },
      INVALID,
      PERCENT,
    ],
    ['a test without a time', { experiment: { key: 'x', test_percent: 10 } }, INVALID, DECIDED],
    ['a time without a test', { experiment: { key: 'x', decide_after_seconds: 60 } }, INVALID, DECIDED],
    [
      'a time past the TTL',
      { experiment: { key: 'x', ...test }, ttl_seconds: 60 },
      'invalid_experiment',
      'experiment.decide_after_seconds',
    ],
    [
      'what is not tracked',
      { experiment: { key: 'x' }, tracking: ['shown'] },
      'invalid_experiment',
      'experiment.metric',
    ],
    [
      'a test by local time',
      { experiment: { key: 'x', ...test }, send_at_local: { local: '2030-01-01T09:00:00' } },
      'invalid_send_at',
      '',
    ],
    [
      'a template that there is not',
      { variants: [VARIANTS[0], { key: 'x', weight: 1, template: { key: 'none' } }] },
      'unknown_template',
      '',
    ],
    [
      'the largest',
      { variants: [VARIANTS[0], { key: 'x', weight: 1, title: 'x', data: { text: 'x'.repeat(4000) } }] },
      'payload_too_large',
      '',
    ],
    [
      'a variable that is missing for one',
      {
        variants: [
          VARIANTS[0],
          { key: 'x', weight: 1, locales: { en: { title: 'Hello {name}' } }, default_locale: 'en' },
        ],
      },
      'invalid_variables',
      '',
    ],
  ])('is refused: %s', async (_, overrides, code, path) => {
    const found = await refusal(body(overrides));
    expect(found, JSON.stringify(found)).toMatchObject({ code, ...(path !== '' && { path }) });
  });

  it('takes templates and variables, each variant its own', async () => {
    const template = { default_locale: 'en', variables: { name: 'string' }, locales: { en: { title: 'Dear {name}' } } };
    await api.call('PUT', '/v1/templates/dear', { json: template });
    const variants = [
      { key: 'template', weight: 1, template: { key: 'dear' } },
      {
        key: 'own',
        weight: 1,
        locales: { en: { title: '{n, plural, one {# thing} other {# things}}' } },
        default_locale: 'en',
      },
    ];
    const recipients = USERS.map((userId) => ({ user_id: userId, variables: { name: 'Ada', n: 2 } }));
    const json = body({ user_ids: undefined, recipients, variants });
    const { status, body: accepted } = await post(json);
    expect(status, JSON.stringify(accepted)).toBe(202);
    expect((await get(`/v1/notifications/${accepted.id}`)).variants).toMatchObject([
      { key: 'template', template: { key: 'dear', version: 1 } },
      { key: 'own', template: null },
    ]);
    const without = recipients.map(({ user_id }) => ({ user_id, variables: { n: 2 } }));
    expect(await refusal({ ...json, recipients: without, experiment: { key: newKey() } })).toMatchObject({
      code: 'invalid_variables',
    });
    const unknown = recipients.map(({ user_id, variables }) => ({ user_id, variables: { ...variables, other: 1 } }));
    expect(await refusal({ ...json, recipients: unknown, experiment: { key: newKey() } })).toMatchObject({
      code: 'invalid_variables',
      detail: expect.stringContaining('other'),
    });
  });

  it('is in lines of a bulk call, each of them judged by itself', async () => {
    const experiment = { key: newKey(), holdout_percent: 10 };
    const lines = [
      body({ experiment }),
      body({ experiment: { ...experiment, metric: 'shown' } }),
      body({ experiment }),
    ];
    const text = lines.map((line, index) => JSON.stringify({ ...line, idempotency_key: `${experiment.key} ${index}` }));
    const headers = { 'Content-Type': 'application/x-ndjson' };
    const answer = await api.call('POST', '/v1/notifications/bulk', { body: text.join('\n'), headers });
    const results = answer.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(results.map(({ status }) => status)).toEqual(['accepted', 'refused', 'accepted']);
    expect(answer.text).toContain('experiment_key_used');
  });

  it('is in a schedule, without a test, and its templates stay in use', async () => {
    const variants = [
      VARIANTS[0],
      { key: 'dear', weight: 1, locales: { en: { title: 'Dear' } }, default_locale: 'en' },
    ];
    const schedule = { cron: '0 9 * * *', time_zone: 'UTC', notification: body({ variants }) };
    expect((await api.call('PUT', '/v1/schedules/daily', { json: schedule })).status).toBe(200);
    const tested = { ...schedule, notification: body({ experiment: { key: newKey(), ...test } }) };
    expect((await api.call('PUT', '/v1/schedules/tested', { json: tested })).body).toMatchObject({
      code: 'invalid_experiment',
      path: 'experiment.test_percent',
    });
    for (let time = 0; time < 2; time += 1)
      expect((await api.call('POST', '/v1/schedules/daily/trigger')).status).toBe(202);
    await api.call('PUT', '/v1/templates/kept', { json: { default_locale: 'en', locales: { en: { title: 'Kept' } } } });
    const kept = [VARIANTS[0], { key: 'kept', weight: 1, template: { key: 'kept' } }];
    await api.call('PUT', '/v1/schedules/kept', { json: { ...schedule, notification: body({ variants: kept }) } });
    expect((await api.call('DELETE', '/v1/templates/kept')).body.code).toBe('template_in_use');
  });
});
