import { describe, expect, it } from 'vitest';
import { ANYONE, createComposer } from '../../../src/domain/content/compose.ts';
import { payloadOf } from '../../../src/domain/content/payload.ts';
import { MAX_PAYLOAD_OCTETS, type PayloadSource } from '../../../src/domain/notification/notification.ts';
import { sampleNotification } from '../../support/samples.ts';

const SITE = 'https://shop.example';

/** A notification that counts how often its title is read: as often each time that it is composed, and else never. */
function counted(source: PayloadSource) {
  const counter = {
    readings: 0,
    notification: {
      ...source,
      content: {
        ...source.content,
        get title() {
          counter.readings += 1;
          return source.content.title;
        },
      },
    },
  };
  return counter;
}

describe('composing', () => {
  it('gives the payload, with paths of the site, and its size', () => {
    const source = sampleNotification({ content: { type: 'order.shipped', title: 'Unterwegs 🥊', url: '/orders/1' } });
    const payload = createComposer(SITE)(source, ANYONE);
    expect(payload).toEqual(payloadOf(source, SITE));
    expect(JSON.parse(payload.text).notification.navigate).toBe(`${SITE}/orders/1`);
  });

  it('is done once for all recipients of a notification, and for its measurement, however it was read', () => {
    const compose = createComposer(SITE);
    const accepted = sampleNotification();
    const measured = compose(accepted, ANYONE);
    const claimed = counted(accepted);
    expect(compose(claimed.notification, { ...ANYONE, deviceLocale: 'de' })).toBe(measured);
    expect(claimed.readings).toBe(0);
  });

  it('keeps notifications apart', () => {
    const compose = createComposer(SITE);
    const [one, other] = [sampleNotification(), sampleNotification()];
    expect(JSON.parse(compose(one, ANYONE).text).notification_id).toBe(one.id);
    expect(JSON.parse(compose(other, ANYONE).text).notification_id).toBe(other.id);
  });

  it('forgets the oldest of many, and nothing newer', () => {
    const compose = createComposer(SITE);
    const oldest = counted(sampleNotification());
    compose(oldest.notification, ANYONE);
    const newer = Array.from({ length: 256 }, () => counted(sampleNotification()));
    for (const { notification } of newer) compose(notification, ANYONE);
    const readings = newer.map((each) => each.readings);
    for (const { notification } of newer) compose(notification, ANYONE);
    expect(newer.map((each) => each.readings)).toEqual(readings);
    const before = oldest.readings;
    compose(oldest.notification, ANYONE);
    expect(oldest.readings).toBeGreaterThan(before);
  });

  it('keeps none that is too large to be sent', () => {
    const compose = createComposer(SITE);
    const body = 'x'.repeat(MAX_PAYLOAD_OCTETS);
    const large = counted(sampleNotification({ content: { type: 't', title: 'T', body } }));
    compose(large.notification, ANYONE);
    const once = large.readings;
    compose(large.notification, ANYONE);
    expect(large.readings).toBe(2 * once);
  });
});
