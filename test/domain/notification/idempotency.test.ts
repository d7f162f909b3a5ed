import { expect, it } from 'vitest';
import { judgeRepetition, type KeptKey } from '../../../src/domain/notification/idempotency.ts';

const call = { key: 'k', bodyDigest: 'd1', expiresAtMs: 99 };
const kept: KeptKey = { bodyDigest: 'd1', notificationId: 'ntf_1', expiresAtMs: 10 };

it.each([
  ['nobody has the key', null, 5, { kind: 'first' }],
  ['the same call has it', kept, 9, { kind: 'repeated', notificationId: 'ntf_1' }],
  ['another call has it', { ...kept, bodyDigest: 'd2' }, 9, { kind: 'key_reused' }],
  ['the same call had it until this instant', kept, 10, { kind: 'first' }],
  ['another call had it until this instant', { ...kept, bodyDigest: 'd2' }, 10, { kind: 'first' }],
] as const)('%s', (_, found, nowMs, expected) => {
  expect(judgeRepetition(found, call, nowMs)).toEqual(expected);
});
