import { describe, expect, it } from 'vitest';
import { readLine } from '../../../src/commands/import/import-line.ts';

const KEYS = { p256dh: 'BPoint', auth: 'secret' };
const ENDPOINT = 'https://updates.push.services.mozilla.com/wpush/v2/x';
const OPTIONS = { map: {}, vapidPublicKey: 'BVapid' };
const EXPECTED = { user_id: '7', endpoint: ENDPOINT, keys: KEYS, vapid_public_key: 'BVapid' };
const lineOf = (record: object, options: object = {}) => {
  const reading = readLine(record as Record<string, unknown>, { ...OPTIONS, ...options });
  return reading.kind === 'line' ? reading.line : reading.refusal;
};

describe('a record of', () => {
  const toJson = { endpoint: ENDPOINT, expirationTime: null, keys: KEYS };
  it.each([
    ['web-push with a user beside it', { user_id: 7, ...toJson }],
    ['web-push, nested', { userId: '7', subscription: toJson }],
    ['web-push, as JSON in a column', { user_id: '7', subscription: JSON.stringify(toJson) }],
    ['Pushpad', { id: '12', ...KEYS, endpoint: ENDPOINT, uid: '7' }],
    [
      'OneSignal',
      { id: 'player', identifier: ENDPOINT, web_p256: 'BPoint', web_auth: 'secret', external_user_id: '7' },
    ],
    [
      'Laravel',
      {
        id: 1,
        subscribable_type: 'App\\User',
        subscribable_id: 7,
        endpoint: ENDPOINT,
        public_key: 'BPoint',
        auth_token: 'secret',
      },
    ],
    ['Django', { registration_id: ENDPOINT, p256dh: 'BPoint', auth: 'secret', user_id: '7', active: 't' }],
    ['Rails', { Endpoint: ENDPOINT, p256dh_key: 'BPoint', auth_key: 'secret', 'User ID': ' 7 ' }],
    [
      'columns by path',
      {
        'subscription.endpoint': ENDPOINT,
        'keys.p256dh': 'BPoint',
        'keys.auth': 'secret',
        uid: '7',
        endpoint: ENDPOINT,
      },
    ],
  ])('%s is understood', (_, record) => {
    expect(lineOf(record)).toEqual(EXPECTED);
  });

  it('django-push-notifications gets its whole endpoint back', () => {
    const record = { registration_id: 'abc:def', browser: 'CHROME', ...KEYS, user: 7 };
    expect(lineOf(record)).toMatchObject({ endpoint: 'https://fcm.googleapis.com/fcm/send/abc:def' });
  });

  it('another form is understood by a map', () => {
    const record = { url_of_push: ENDPOINT, keys: KEYS, owner: { id: 7 }, made: '2024-01-02' };
    const map = { endpoint: 'url_of_push', user_id: 'owner.id' } as const;
    expect(lineOf(record, { map })).toEqual(EXPECTED);
    expect(lineOf(record)).toMatchObject({ code: 'invalid_request' });
  });
});

describe('a line', () => {
  const record = { user_id: '7', endpoint: ENDPOINT, keys: KEYS };

  it('names its own VAPID key, or has the one that was given, or is refused', () => {
    expect(lineOf({ ...record, applicationServerKey: 'BOwn' })).toMatchObject({ vapid_public_key: 'BOwn' });
    expect(lineOf(record, { vapidPublicKey: null })).toMatchObject({ code: 'unknown_vapid_key' });
  });

  it.each([
    ['2024-02-01 10:00:00', '2024-02-01T10:00:00.000Z'],
    ['2024-02-01 10:00:00.123456+00', '2024-02-01T10:00:00.123Z'],
    ['2024-02-01T10:00:00+0200', '2024-02-01T08:00:00.000Z'],
    ['2024-02-01 10:00:00 UTC', '2024-02-01T10:00:00.000Z'],
    [1_706_781_600, '2024-02-01T10:00:00.000Z'],
    ['1706781600000', '2024-02-01T10:00:00.000Z'],
  ])('reads the time %s', (created_at, expected) => {
    expect(lineOf({ ...record, created_at })).toMatchObject({ created_at: Date.parse(expected) });
  });

  it('takes the zone of a device, and what is said of its user', () => {
    const said = { user: { preferences: { news: false } } };
    expect(lineOf({ ...record, timezone: 'europe/berlin', ...said })).toMatchObject({
      time_zone: 'Europe/Berlin',
      ...said,
    });
  });

  it('leaves a time, a locale, a zone and tags out that will not do, and says so', () => {
    const strange = { created_at: 'last week', language: 'C', tags: 'beta, two words', timezone: 3600 };
    const reading = readLine({ ...record, ...strange }, OPTIONS);
    expect(reading).toEqual({
      kind: 'line',
      line: { ...EXPECTED, tags: ['beta'] },
      notes: ['unread_instant', 'tags', 'strange_tags'],
    });
  });

  it.each([
    ['a token of Firebase', { endpoint: 'dQw4w9WgXcQ:APA91bHun4MxP5egoKMwt2' }, 'invalid_endpoint', 'Firebase'],
    ['a token in a column', { endpoint: undefined, fcm_token: 'x' }, 'invalid_endpoint', 'Firebase'],
    ['no user', { user_id: '' }, 'invalid_request', 'has no user_id'],
    ['no keys', { keys: {} }, 'invalid_request', 'has no p256dh and auth'],
    ['an inactive device', { is_active: false }, 'inactive', 'isactive is false'],
    ['an invalid one of OneSignal', { invalid_identifier: 't' }, 'inactive', 'invalid_identifier'],
    ['an unsubscribed one of OneSignal', { notification_types: '-2' }, 'inactive', 'unsubscribed'],
    ['a deleted one', { deleted_at: '2024-01-01' }, 'inactive', 'deletedat'],
    ['another encoding', { user_id: 'Bj\ufffdrn' }, 'invalid_request', 'UTF-8'],
    ['half a character', { user_id: '\ud83d' }, 'invalid_request', 'U+0000'],
  ])('is refused with %s', (_, fields, code, says) => {
    const refusal = lineOf({ ...record, ...fields });
    expect(refusal).toMatchObject({ code });
    expect(String(refusal.reason)).toContain(says);
    expect(String(refusal.reason)).not.toContain('wpush');
  });
});

describe('a user without a subscription', () => {
  const said = { preferences: { news: false } };
  it('is taken along as `bellhop export` writes it', () => {
    const record = { user_id: 'ada', tags: ['beta'], user: said };
    expect(lineOf(record, { vapidPublicKey: null })).toEqual(record);
  });

  it.each([
    ['with half of a subscription', { user_id: 'ada', user: said, endpoint: ENDPOINT }, 'no p256dh and auth'],
    ['with nothing said', { user_id: 'ada', tags: ['beta'] }, 'no endpoint'],
    ['without a name', { user: said }, 'no endpoint and p256dh and auth and user_id'],
  ])('is none %s', (_, record, reason) => {
    expect(lineOf(record)).toMatchObject({ code: 'invalid_request', reason: expect.stringContaining(reason) });
  });
});
