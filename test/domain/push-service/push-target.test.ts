import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pushTargetOf } from '../../../src/domain/push-service/push-target.ts';

function byUrl(text: string): { origin: string; hostname: string } {
  const { origin, hostname } = new URL(text);
  return { origin, hostname };
}

describe('pushTargetOf', () => {
  test.each([
    ['https://fcm.googleapis.com/fcm/send/abc', 'https://fcm.googleapis.com', 'fcm'],
    ['https://jmt17.google.com/fcm/send/abc', 'https://jmt17.google.com', 'fcm'],
    ['https://updates.push.services.mozilla.com/wpush/v2/x', 'https://updates.push.services.mozilla.com', 'mozilla'],
    ['https://127.0.0.1:8443/wpush/v2/x', 'https://127.0.0.1:8443', 'other'],
    ['HTTPS://FCM.GoogleAPIs.com:443/x', 'https://fcm.googleapis.com', 'fcm'],
  ])('%s leads to %s', (endpoint, origin, service) => {
    for (const _ of ['read', 'kept']) expect(pushTargetOf(endpoint)).toMatchObject({ origin, service });
  });

  test('reads every URL as URL does, however its slashes are and however many there were before', () => {
    const text = fc.tuple(
      fc.constantFrom('https:', 'http:', 'HTTPS:', 'https'),
      fc.constantFrom('//', '/', '', '///', '////', '/////'),
      fc.oneof(fc.domain(), fc.ipV4(), fc.constantFrom('[::1]', 'a', 'h:8443', 'user@h', 'x.y:1')),
      fc.constantFrom('', '/', '/p/q', '?a/b', '#a/b', '//x', '/a?b=https://z/'),
    );
    fc.assert(
      fc.property(text, (parts) => {
        const url = parts.join('');
        if (!URL.canParse(url)) expect(() => pushTargetOf(url)).toThrow(TypeError);
        else for (const _ of ['read', 'kept']) expect(pushTargetOf(url)).toMatchObject(byUrl(url));
      }),
      { numRuns: 3000 },
    );
  });
});
