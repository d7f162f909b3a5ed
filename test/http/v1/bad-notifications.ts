import type { AppErrorCode } from '../../../src/domain/app-error.ts';
import type { CallOptions } from '../../support/api.ts';

/** A request, and the code it is refused with. */
export type BadInput = readonly [what: string, code: AppErrorCode, method: string, path: string, call: CallOptions];

const MIB = 1024 * 1024;
export const NOTIFICATIONS = '/v1/notifications';

export const notification = (overrides: Record<string, unknown>) => ({
  type: 'order.shipped',
  title: 'On its way',
  user_ids: ['u1'],
  ...overrides,
});
const notify = (what: string, overrides: Record<string, unknown>, code: AppErrorCode = 'invalid_request'): BadInput => [
  `notification: ${what}`,
  code,
  'POST',
  NOTIFICATIONS,
  { json: notification(overrides) },
];

const wrongTypes: BadInput[] = [
  ...[null, 5, true, [], {}].flatMap((value) => [
    notify(`type is ${JSON.stringify(value)}`, { type: value }),
    notify(`title is ${JSON.stringify(value)}`, { title: value }),
    notify(`body is ${JSON.stringify(value)}`, { body: value }),
  ]),
  ...[null, 'u1', 5, { 0: 'u1' }, [1], [null], [['u1']], ['']].map((value) =>
    notify(`user_ids is ${JSON.stringify(value)}`, { user_ids: value }),
  ),
  ...[null, 'x', 5, [], [1]].map((value) => notify(`data is ${JSON.stringify(value)}`, { data: value })),
  ...['urgent', 'HIGH', '', null, 1].map((value) =>
    notify(`priority is ${JSON.stringify(value)}`, { priority: value }),
  ),
  ...['now', null, 5].map((value) => notify(`urgency is ${JSON.stringify(value)}`, { urgency: value })),
  ...[0, -1, 1.5, '60', null, 2_419_201, 1e300].map((value) =>
    notify(`ttl_seconds is ${JSON.stringify(value)}`, { ttl_seconds: value }),
  ),
];

const contents: BadInput[] = [
  notify('an unknown field', { recipients: ['u1'] }),
  notify('a field that only looks known', { Title: 'x' }),
  notify('no users', { user_ids: [] }),
  notify('10 001 users', { user_ids: Array.from({ length: 10_001 }, (_, i) => `u${i}`) }),
  notify('30 000 users', { user_ids: Array.from({ length: 30_000 }, (_, i) => `u${i}`) }),
  notify('a user id of 129 characters', { user_ids: ['u'.repeat(129)] }),
  notify('a user id with a line feed', { user_ids: ['u\n1'] }),
  notify('an empty title', { title: '' }),
  notify('a title of 1001 characters', { title: 'x'.repeat(1001) }),
  notify('a body of 4001 characters', { body: 'x'.repeat(4001) }),
  notify('a type with a space', { type: 'order shipped' }),
  notify('a type beyond ASCII', { type: 'ordér' }),
  notify('a type of 65 characters', { type: 'x'.repeat(65) }),
  notify('url javascript:', { url: 'javascript:alert(1)' }),
  notify('url data:', { url: 'data:text/html,hi' }),
  notify('url without a scheme', { url: 'example.com' }),
  notify('url without a scheme but with a host', { url: '//example.com/x' }),
  notify('url that a browser takes for one with a host', { url: '/\\example.com/x' }),
  notify('url that cannot be parsed', { url: 'https://[::1' }),
  notify('url with a line feed', { url: '/x\ny' }),
  ...[null, 'here', '_blank', true].map((value) => notify(`open_in is ${JSON.stringify(value)}`, { open_in: value })),
  notify('image javascript:', { image: 'javascript:alert(1)' }),
  ...[null, 'left', true].map((value) => notify(`dir is ${JSON.stringify(value)}`, { dir: value })),
  ...['require_interaction', 'silent', 'renotify'].flatMap((name) =>
    [null, 'true', 1].map((value) => notify(`${name} is ${JSON.stringify(value)}`, { [name]: value })),
  ),
  ...[null, 200, [], [-1], [0.5], ['200'], [10_001], Array(21).fill(1)].map((value) =>
    notify(`vibrate is ${JSON.stringify(value)}`, { vibrate: value }),
  ),
  notify('vibrate with silent', { silent: true, vibrate: [200] }),
  ...[
    ...[null, -1, 0.5, 1e300, 'now', '2026-01-31', '1969-12-31T00:00:00Z'],
    ...[253_402_300_800_000, 8_640_000_000_000_000, '9999-12-31T23:59:00-00:01', '+010000-01-01T00:00:00Z'],
  ].map((value) => notify(`timestamp is ${JSON.stringify(value)}`, { timestamp: value })),
  ...[null, -1, 0.5, '3', true, 1e300].map((value) =>
    notify(`app_badge is ${JSON.stringify(value)}`, { app_badge: value }),
  ),
  notify('icon that is empty', { icon: '' }),
  notify('icon of 2049 characters', { icon: `/${'x'.repeat(2048)}` }),
  notify('badge javascript:', { badge: 'javascript:alert(1)' }),
  ...[null, 'open', {}, [], [null], ['open'], [{}], [{ action: 'open' }], [{ title: 'Open' }]].map((value) =>
    notify(`actions is ${JSON.stringify(value)}`, { actions: value }),
  ),
  notify('three actions', { actions: ['a', 'b', 'c'].map((action) => ({ action, title: action })) }),
  notify('two actions of one name', { actions: ['Yes', 'No'].map((title) => ({ action: 'answer', title })) }),
  notify('an action with an unknown field', { actions: [{ action: 'a', title: 'A', type: 'text' }] }),
  notify('an action that leads to javascript:', { actions: [{ action: 'a', title: 'A', url: 'javascript:x' }] }),
  notify('an action with an empty title', { actions: [{ action: 'a', title: '' }] }),
  notify('locale with an underscore', { locale: 'pt_BR' }),
  notify('locale of 36 characters', { locale: `en-${'abcdefgh-'.repeat(4)}a` }),
  notify('dry_run that is text', { dry_run: 'yes' }),
  notify('dry_run that is null', { dry_run: null }),
  notify('topic that is empty', { topic: '' }),
  notify('topic of 257 characters', { topic: 'x'.repeat(257) }),
  notify('half a surrogate pair in the title', { title: 'a\ud800b' }),
  notify('half a surrogate pair in a name in data', { data: { '\udc00': 1 } }),
  notify('U+0000 in the title', { title: 'a\0b' }),
  notify('U+0000 in a name in data', { data: { 'a\0': 1 } }),
  notify('a payload of emoji that is too large', { body: '🛎'.repeat(1000) }, 'payload_too_large'),
  notify('data that is too large', { data: { text: 'x'.repeat(4000) } }, 'payload_too_large'),
  notify('a megabyte of data', { data: { text: 'x'.repeat(MIB) } }, 'payload_too_large'),
];

export const BAD_NOTIFICATIONS: readonly BadInput[] = [...wrongTypes, ...contents];
