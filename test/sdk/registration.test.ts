import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { registerBody } from '../../src/http/v1/subscription-schema.ts';
import { type Browser, registrationOf } from '../../src/sdk/registration.ts';
import { browser as sample } from '../support/api.ts';

const { endpoint, keys } = sample();
const browser = (given: Partial<Browser> = {}): Browser => ({
  subscription: { endpoint, keys, expirationTime: null },
  languages: ['de-CH', 'de'],
  userAgent: 'Mozilla/5.0',
  timeZone: 'Europe/Zurich',
  ...given,
});
const sent = (given: Partial<Browser>) => JSON.parse(JSON.stringify(registrationOf(browser(given), 'BKey', null)));

describe('registrationOf', () => {
  it('has what the service keeps of a browser', () => {
    expect(sent({})).toEqual({
      endpoint,
      keys,
      expirationTime: null,
      vapid_public_key: 'BKey',
      locale: 'de-CH',
      user_agent: 'Mozilla/5.0',
      time_zone: 'Europe/Zurich',
    });
    expect(registrationOf(browser(), 'BKey', 'sub_1')).toMatchObject({ replaces_id: 'sub_1' });
  });

  it.each([
    ['C, as a browser without a locale has', ['C'], undefined],
    ['one of POSIX', ['en-US@posix'], undefined],
    ['one of POSIX before a tag', ['en_US.UTF-8', 'en-US'], 'en-US'],
    ['an empty one', [''], undefined],
    ['none', [], undefined],
    ['a tag of 36 characters', [`en-${'abcdefgh-'.repeat(4)}`.slice(0, 36)], undefined],
  ])('leaves a language out that is no tag: %s', (_, languages, locale) => {
    expect(sent({ languages }).locale).toBe(locale);
  });

  it.each([['\ud83d'], ['a\0b'], [''], ['Грузия']])('leaves a user agent out that is no header: %j', (userAgent) => {
    expect(sent({ userAgent })).not.toHaveProperty('user_agent');
  });

  it.each([[-1], [Number.NaN], [Number.POSITIVE_INFINITY], [1e300], [undefined]])(
    'leaves an expiration out that is no instant: %s',
    (expirationTime) => {
      expect(sent({ subscription: { endpoint, keys, expirationTime } as never }).expirationTime).toBeNull();
    },
  );

  it.each([[undefined], [''], ['Europe/Zürich'], ['Mitteleuropäische Zeit'], ['Europe/Berlin\n'], ['a'.repeat(65)]])(
    'leaves a time zone out that cannot be one: %j',
    (timeZone) => {
      expect(sent({ timeZone })).not.toHaveProperty('time_zone');
    },
  );

  it('is what the service takes, whatever a browser says of itself', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 600 }), fc.constant('C'));
    const zone = fc.oneof(text, fc.constantFrom(undefined, 'Etc/Unknown', 'Mars/Phobos', 'GMT+0', '+01:00'));
    const expirationTime = fc.oneof(fc.double(), fc.constant(null));
    fc.assert(
      fc.property(fc.array(text), text, expirationTime, zone, (languages, userAgent, expiration, timeZone) => {
        const subscription = { endpoint, keys, expirationTime: expiration };
        const said = { subscription, languages, userAgent, timeZone };
        const body = JSON.parse(JSON.stringify(registrationOf(said, 'BKey', null)));
        expect(registerBody.safeParse(body).error).toBeUndefined();
        expect(JSON.stringify(body)).not.toMatch(/\\u0000|\\ud[89a-f]/);
      }),
    );
  });
});
