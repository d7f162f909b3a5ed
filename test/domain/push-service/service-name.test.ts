import { describe, expect, it } from 'vitest';
import { createServiceNames } from '../../../src/domain/push-service/service-name.ts';
import { parseAllowedHost } from '../../../src/domain/subscription/endpoint-policy.ts';

const allowed = ['*.example.org', 'named.example.org', 'push.example.net:8443'].flatMap(
  (text) => parseAllowedHost(text) ?? [],
);
const nameOf = createServiceNames(allowed);

describe('the name of a push service', () => {
  it.each([
    ['https://wns2-db5p.notify.windows.com', 'wns'],
    ['https://made-up-17.notify.windows.com', 'wns'],
    ['https://fcm.googleapis.com', 'fcm'],
    ['https://updates.push.services.mozilla.com', 'mozilla'],
    ['https://web.push.apple.com', 'apple'],
    ['https://a.example.org', '*.example.org'],
    ['https://b.c.example.org', '*.example.org'],
    ['https://named.example.org', 'https://named.example.org'],
    ['https://push.example.net:8443', 'https://push.example.net:8443'],
    ['https://example.org', 'https://example.org'],
    ['', ''],
  ])('of %s is %s', (origin, name) => {
    expect(nameOf(origin)).toBe(name);
  });
});
