import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appBadgeOf, noticeOf, targetOf } from '../../src/sdk/worker/notice.ts';

const BASE = 'https://shop.example';

describe('noticeOf', () => {
  it('gives something that can be shown, whatever a push holds', () => {
    const field = fc.oneof(fc.jsonValue(), fc.string(), fc.constant(null));
    const names = [
      'title',
      'body',
      'tag',
      'icon',
      'badge',
      'locale',
      'actions',
      'notification',
      'notification_id',
    ].concat(['image', 'dir', 'require_interaction', 'silent', 'vibrate', 'renotify', 'timestamp', 'app_badge']);
    const payload = fc.oneof(
      fc.string(),
      fc.json(),
      fc.dictionary(fc.constantFrom(...names), field).map((each) => JSON.stringify(each)),
      fc.constant(null),
    );
    fc.assert(
      fc.property(payload, (text) => {
        const { title, options } = noticeOf(text, 'shop.example');
        expect(title.trim()).not.toBe('');
        expect(options.tag.trim()).not.toBe('');
        for (const value of [options.body, options.lang ?? '', options.icon ?? '', options.badge ?? '']) {
          expect(value).toBeTypeOf('string');
        }
        for (const action of options.actions)
          expect([typeof action.action, typeof action.title]).toEqual(['string', 'string']);
        expect(structuredClone(options)).toEqual(options);
        expect(['auto', 'ltr', 'rtl']).toContain(options.dir);
        expect(options.silent === true && options.vibrate !== undefined).toBe(false);
        for (const flag of [options.requireInteraction, options.silent, options.renotify])
          expect(typeof (flag ?? true)).toBe('boolean');
        for (const count of [options.timestamp ?? 0, ...(options.vibrate ?? []), appBadgeOf(options.data.bellhop) ?? 0])
          expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
      }),
    );
  });

  it('takes the declarative form where the fields for workers are missing', () => {
    const declared = { title: 'T', body: 'B', navigate: `${BASE}/a`, tag: 'g', lang: 'de', icon: `${BASE}/i.png` };
    const { title, options } = noticeOf(JSON.stringify({ web_push: 8030, notification: declared }), 'x');
    expect({ title, ...options }).toMatchObject({ title: 'T', body: 'B', tag: 'g', lang: 'de', icon: `${BASE}/i.png` });
    expect(targetOf(options.data.bellhop, '', BASE)).toBe(`${BASE}/a`);
  });

  it('takes over how it is to be shown', () => {
    const fields = { image: '/i.png', dir: 'rtl', silent: false, vibrate: [1, 2], renotify: false, timestamp: 5 };
    const whole = { title: 'T', require_interaction: true, app_badge: 3, ...fields };
    const { options } = noticeOf(JSON.stringify(whole), 'x');
    expect(options).toMatchObject({ requireInteraction: true, ...fields });
    expect(appBadgeOf(options.data.bellhop)).toBe(3);
    const { app_badge: _, ...declared } = whole;
    expect(noticeOf(JSON.stringify({ notification: declared }), 'x').options).toMatchObject({
      requireInteraction: true,
      ...fields,
    });
    expect(noticeOf(JSON.stringify({ ...whole, silent: true }), 'x').options).not.toHaveProperty('vibrate');
    expect(appBadgeOf({ app_badge: 0 })).toBe(0);
    expect(
      [{}, { app_badge: -1 }, { app_badge: '1' }, { app_badge: 0.5 }].filter((each) => appBadgeOf(each) !== undefined),
    ).toEqual([]);
  });

  it('shows a title without a body as it is', () => {
    expect(noticeOf('{"title":"Only this"}', 'x')).toMatchObject({ title: 'Only this', options: { body: '' } });
  });
});

describe('targetOf', () => {
  const payload = {
    url: '/orders/1',
    actions: [
      { action: 'track', title: 'Track', url: 'https://carrier.example/1' },
      { action: 'later', title: 'Later' },
    ],
  };

  it.each([
    ['the notification', '', `${BASE}/orders/1`],
    ['a button with a url of its own', 'track', 'https://carrier.example/1'],
    ['a button without one', 'later', `${BASE}/orders/1`],
    ['a button that is not known', 'other', `${BASE}/orders/1`],
  ])('of %s', (_, action, url) => {
    expect(targetOf(payload, action, BASE)).toBe(url);
  });

  it.each([['javascript:alert(1)'], ['data:text/html,x'], ['file:///etc/passwd'], ['http://'], [''], [5], [null]])(
    'is nowhere for %j',
    (url) => {
      expect(targetOf({ url }, '', BASE)).toBeNull();
    },
  );

  it('is a web page or nowhere', () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl(), fc.string()), (url) => {
        expect(targetOf({ url }, '', BASE) ?? 'http:').toMatch(/^https?:/);
      }),
    );
  });
});
