import { describe, expect, test } from 'vitest';
import { PROFILE_NAMES } from '../../src/emulator/profile.ts';
import { play, withHeader } from './profile-fixture.ts';
import type { PushParts } from './push-request.ts';

describe.each(PROFILE_NAMES)('%s', (name) => {
  const played = play(name);

  test('accepts a well-formed push and decrypts it', async () => {
    const response = await played.post();
    expect([response.status, await response.text()]).toEqual([201, '']);
    expect(played.device.received).toMatchObject([{ profile: name, payload: 'hi', status: 201, httpVersion: '1.1' }]);
  });

  test('refuses what RFC 8030 and RFC 8292 refuse', async () => {
    const faults: PushParts[] = [
      withHeader('TTL', undefined),
      withHeader('TTL', '-1'),
      withHeader('Topic', 'x'.repeat(33)),
      withHeader('Content-Encoding', 'aesgcm'),
      withHeader('Authorization', undefined),
      { body: Buffer.alloc(4097) },
      { method: 'GET' },
    ];
    for (const fault of faults) expect((await played.post(fault)).ok).toBe(false);
    const kinds = ['ttl_missing', 'ttl_negative', 'topic', 'coding', 'vapid_missing', 'body_too_large', 'method'];
    expect(played.device.requests.map((push) => push.refusal?.kind)).toEqual(kinds);
    expect(played.device.received).toHaveLength(0);
  });

  test('says 413 to a body over 4096 octets, and takes one of 4096', async () => {
    expect((await played.post({ body: Buffer.alloc(4097) })).status).toBe(413);
    expect((await played.post({ payload: 'x'.repeat(3993) })).status).toBe(201);
  });
});
