import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { payloadOf } from '../../../src/domain/content/payload.ts';
import { MAX_PAYLOAD_OCTETS, SAFE_PAYLOAD_OCTETS } from '../../../src/domain/notification/notification.ts';
import { TOKEN_PLACE } from '../../../src/domain/receipt/receipt-token.ts';
import { sampleNotification } from '../../support/samples.ts';

const SITE = 'https://app.example.com';
const HERE = 'https://push.example.com/bellhop';
const tracking = ['shown', 'clicked'] as const;
const { id } = sampleNotification();
const source = (content: object) => sampleNotification({ id, content: { type: 't', title: 'x', ...content } });
const read = (text: string) => JSON.parse(text);

describe('the payload of what is tracked', () => {
  it('has the place of a token and what to tell; without tracking it is as ever', () => {
    const plain = payloadOf(source({}), null);
    expect(read(payloadOf(source({ tracking }), null).text)).toEqual({
      ...read(plain.text),
      receipt: { token: TOKEN_PLACE, events: tracking },
    });
    expect(plain.text).not.toContain('receipt');
  });

  it('leaves the token out where it alone crosses a limit, so that nothing is refused for it', () => {
    const sizes = fc.oneof(
      fc.integer({ min: SAFE_PAYLOAD_OCTETS - 400, max: SAFE_PAYLOAD_OCTETS }),
      fc.integer({ min: MAX_PAYLOAD_OCTETS - 400, max: MAX_PAYLOAD_OCTETS }),
    );
    fc.assert(
      fc.property(sizes, fc.constantFrom(undefined, '/orders/42'), (size, url) => {
        const content = { body: 'a'.repeat(size), url };
        const without = payloadOf(source(content), SITE, HERE).octets;
        const given = payloadOf(source({ ...content, tracking }), SITE, HERE);
        expect(given.octets).toBe(Buffer.byteLength(given.text));
        const isSafe = without <= SAFE_PAYLOAD_OCTETS;
        if (isSafe) expect(given.octets).toBeLessThanOrEqual(SAFE_PAYLOAD_OCTETS);
        if (without <= MAX_PAYLOAD_OCTETS) expect(given.octets).toBeLessThanOrEqual(MAX_PAYLOAD_OCTETS);
        expect(given.octets).toBeGreaterThanOrEqual(without);
      }),
      { numRuns: 60 },
    );
  });

  it('leads clicks on the declarative form through this service, to pages of the site alone', () => {
    const actions = [
      { action: 'track it', title: 'Track', url: '/track?a=1&b=2' },
      { action: 'help', title: 'Help', url: 'https://elsewhere.example/help' },
    ];
    const of = (content: object, site: string | null = SITE, here: string | null = HERE) =>
      read(payloadOf(source({ url: '/orders/42', actions, ...content }), site, here).text).notification;
    const led = of({ tracking });
    const link = new URL(led.navigate);
    expect(`${link.origin}${link.pathname}`).toBe(`${HERE}/v1/receipts/click`);
    expect([...link.searchParams]).toEqual([
      ['token', TOKEN_PLACE],
      ['to', `${SITE}/orders/42`],
    ]);
    const [track, help] = led.actions.map(({ navigate }: { navigate: string }) => new URL(navigate));
    expect(track.searchParams.get('to')).toBe(`${SITE}/track?a=1&b=2`);
    expect(track.searchParams.get('action')).toBe('track it');
    expect(help.href).toBe('https://elsewhere.example/help');
    for (const straight of [of({ tracking: ['shown'] }), of({ tracking }, SITE, null), of({})])
      expect(straight.navigate).toBe(`${SITE}/orders/42`);
    // Where it does not fit, the link is straight, and the worker’s part tells all the same.
    const sizes = Array.from({ length: 60 }, (_, index) => 600 + 10 * index);
    const tight = sizes
      .map((size) =>
        read(payloadOf(source({ url: '/orders/42', actions, tracking, body: 'a'.repeat(size) }), SITE, HERE).text),
      )
      .filter(({ notification }) => notification?.navigate === `${SITE}/orders/42`);
    expect(tight.some(({ receipt }) => receipt?.token === TOKEN_PLACE)).toBe(true);
  });
});
