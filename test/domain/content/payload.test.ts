import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { payloadOf } from '../../../src/domain/content/payload.ts';
import {
  MAX_PAYLOAD_OCTETS,
  type PayloadSource,
  SAFE_PAYLOAD_OCTETS,
} from '../../../src/domain/notification/notification.ts';

const SITE = 'https://shop.example';
const octetsOf = (text: string) => Buffer.byteLength(text, 'utf8');

const source = (content: Partial<PayloadSource['content']>, topic: string | null = null): PayloadSource => ({
  id: 'ntf_1',
  topic,
  content: { type: 'order.shipped', title: 'On its way', ...content },
});
const payload = (from: PayloadSource, siteUrl: string | null = SITE) => JSON.parse(payloadOf(from, siteUrl).text);

describe('the payload', () => {
  it('has the fields a worker reads, and no others', () => {
    const content = {
      body: 'b',
      icon: '/i.png',
      badge: '/b.png',
      actions: [{ action: 'a', title: 'A', url: '/a' }],
      locale: 'de',
      data: { n: 1 },
    };
    const display = { image: '/p.png', dir: 'rtl', silent: false, vibrate: [100, 50], renotify: false } as const;
    const others = { openIn: 'new_tab', requireInteraction: true, timestampMs: 5, appBadge: 0 } as const;
    expect(payload(source({ ...content, ...display, ...others }, 'topic'))).toEqual({
      open_in: 'new_tab',
      require_interaction: true,
      timestamp: 5,
      app_badge: 0,
      ...display,
      notification_id: 'ntf_1',
      type: 'order.shipped',
      title: 'On its way',
      tag: 'topic',
      ...content,
    });
  });

  it('has the declarative form beside them where there is a url, all links absolute', () => {
    const content = {
      body: 'Zwölf 🥊',
      icon: '/i.png',
      badge: 'https://cdn.example/b.png',
      url: '/orders/42?a=1#top',
      actions: [
        { action: 'track', title: 'Track', url: '/track', icon: '/t.png' },
        { action: 'later', title: 'Later' },
      ],
      locale: 'de',
      data: { n: 1 },
    };
    const whole = payload(source(content));
    expect(whole).toMatchObject({ notification_id: 'ntf_1', title: 'On its way', ...content });
    expect(whole.web_push).toBe(8030);
    expect(whole.notification).toEqual({
      title: 'On its way',
      body: 'Zwölf 🥊',
      navigate: 'https://shop.example/orders/42?a=1#top',
      tag: 'ntf_1',
      lang: 'de',
      icon: 'https://shop.example/i.png',
      badge: 'https://cdn.example/b.png',
      actions: [
        { action: 'track', title: 'Track', navigate: 'https://shop.example/track', icon: 'https://shop.example/t.png' },
        { action: 'later', title: 'Later', navigate: 'https://shop.example/orders/42?a=1#top' },
      ],
    });
  });

  it('has how it is to be shown in that form as well, with the app’s badge beside it', () => {
    const display = { dir: 'rtl', silent: false, vibrate: [100], renotify: false } as const;
    const others = { image: '/p.png', requireInteraction: true, timestampMs: 5, appBadge: 3 } as const;
    const { app_badge, notification } = payload(source({ url: '/x', ...display, ...others }));
    expect(app_badge).toBe(3);
    expect(notification).toMatchObject({
      ...display,
      image: 'https://shop.example/p.png',
      require_interaction: true,
      timestamp: 5,
    });
  });

  it('has none without a url, or with a path on a site that is not known', () => {
    expect(payload(source({}))).not.toHaveProperty('web_push');
    expect(payload(source({ url: '/orders' }), null)).not.toHaveProperty('web_push');
    expect(payload(source({ url: 'https://shop.example/x' }), null)).toHaveProperty('web_push');
  });

  it('leaves out of it what is a path on a site that is not known', () => {
    const { notification } = payload(
      source({ url: 'https://shop.example/x', icon: '/i.png', actions: [{ action: 'a', title: 'A', url: '/a' }] }),
      null,
    );
    expect(notification).toEqual({
      title: 'On its way',
      navigate: 'https://shop.example/x',
      tag: 'ntf_1',
      actions: [],
    });
  });

  it('has the topic as the tag of both forms', () => {
    const { tag, notification } = payload(source({ url: '/' }, 'order-42'));
    expect([tag, notification.tag]).toEqual(['order-42', 'order-42']);
  });
});

describe('whatever is in a notification', () => {
  const text = (maxLength: number) => fc.string({ unit: 'grapheme', maxLength });
  const link = fc.oneof(
    text(60).map((path) => `/${encodeURI(path.replaceAll(/[\\/]/g, ''))}`),
    fc.webUrl(),
  );
  const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const content = fc.record({
    type: fc.constant('t'),
    title: text(200),
    // The sizes around both limits are what matters here.
    body: optional(
      fc.oneof(
        text(50),
        fc.nat(4100).map((length) => 'x'.repeat(length)),
        fc.nat(1400).map((n) => '界'.repeat(n)),
      ),
    ),
    icon: optional(link),
    badge: optional(link),
    url: optional(link),
    actions: optional(
      fc.array(fc.record({ action: text(20), title: text(60), url: optional(link), icon: optional(link) }), {
        maxLength: 2,
      }),
    ),
    data: optional(fc.dictionary(text(10), fc.jsonValue({ maxDepth: 2 }))),
  });
  const anySource = fc
    .record({ content, topic: fc.option(text(64)) })
    .map((from) => ({ id: 'ntf_01kdz9f1v6v6j0q2y3w4x5z6a7', ...from }) as unknown as PayloadSource);
  const site = fc.constantFrom(SITE, null);

  it('takes no limit because of the declarative form, and is measured as it is sent', () => {
    fc.assert(
      fc.property(anySource, site, (from, siteUrl) => {
        const { text: sent, octets: measured } = payloadOf(from, siteUrl);
        const { web_push, notification, ...fields } = JSON.parse(sent);
        const plain = octetsOf(JSON.stringify(fields));
        const octets = octetsOf(sent);
        expect(measured).toBe(octets);
        for (const limit of [SAFE_PAYLOAD_OCTETS, MAX_PAYLOAD_OCTETS]) expect(octets <= limit).toBe(plain <= limit);
        // What a parser would refuse would be worse than nothing.
        if (web_push === undefined) return;
        expect(web_push).toBe(8030);
        expect([fields.title, from.content.body]).toEqual([notification.title, notification.body]);
        for (const { navigate } of [notification, ...(notification.actions ?? [])])
          expect(URL.canParse(navigate)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
