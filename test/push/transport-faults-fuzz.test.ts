import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { PUSH_FAILURES, type PushResult } from '../../src/domain/push-service/push-outcome.ts';
import type { Step } from '../../src/emulator/behaviour.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import { Closing, messageTo, never } from './transport-fixture.ts';

const ATTEMPT_TIMEOUT_MS = 60;

/** Whatever a push service may say, as Node's server lets it be said. */
const headerValues = fc.string({ unit: fc.constantFrom(...'ab 09,:;/"=%\téÿ'), maxLength: 30 });
const headers = fc.dictionary(
  fc.constantFrom('Retry-After', 'TTL', 'Date', 'Location', 'X-WNS-Status', 'X-WNS-Error-Description', 'Content-Type'),
  headerValues,
  { maxKeys: 4 },
);
/** One who waited for the longest would wait longer than the test may last. */
const delaysMs = fc.constantFrom(1, 10, ATTEMPT_TIMEOUT_MS - 5, ATTEMPT_TIMEOUT_MS + 5, 3_600_000);
const steps: fc.Arbitrary<Step> = fc.record(
  {
    status: fc.integer({ min: 200, max: 599 }),
    headers,
    retryAfterSeconds: fc.nat(1000),
    body: fc.oneof(fc.string({ unit: 'binary', maxLength: 100 }), fc.constant('{"reason":"BadTtl"}')),
    bodyOctets: fc.constantFrom(0, 1, 65_535, 65_536, 65_537, 300_000),
    contentLength: fc.constantFrom(0, 1, 50, 65_536, 1_000_000),
    delayMs: delaysMs,
    fault: fc.constantFrom('hang', 'reset', 'hang_mid_body', 'reset_mid_body'),
  },
  { requiredKeys: [] },
);
/** Several to one service at once, some on connections that others have left. */
const storms = fc.array(steps, { minLength: 1, maxLength: 6 });

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => {
  unhandled.push(reason);
};
beforeAll(() => process.on('unhandledRejection', onUnhandled));
afterAll(() => process.off('unhandledRejection', onUnhandled));

const closing = new Closing();
afterEach(() => closing.all());

/** What the answer may be, for what the service did; a late answer loses to the timeout, or wins by a hair. */
function isTruthful(step: Step, result: PushResult): boolean {
  if (result.kind === 'response') {
    const { status = 201, fault } = step;
    return fault !== 'hang' && fault !== 'reset' && result.status === status;
  }
  expect(PUSH_FAILURES).toContain(result.failure);
  // A loaded machine may be late with any answer.
  if (result.failure === 'timeout') return true;
  // Node's own server ends a connection on which it was made to claim another length than it sends.
  return result.failure === 'reset' && (step.fault !== undefined || step.contentLength !== undefined);
}

async function throwAt(emulator: Emulator, storm: readonly Step[]): Promise<void> {
  const transport = closing.transportTo(emulator, { attemptTimeoutMs: ATTEMPT_TIMEOUT_MS, maxConnectionsPerOrigin: 3 });
  const devices = storm.map((step) => emulator.createDevice({ behaviour: [step] }));
  const results = await Promise.all(devices.map(({ subscription }) => transport.send(messageTo(subscription), never)));
  results.forEach((result, index) => {
    const step = storm[index] ?? {};
    expect(isTruthful(step, result), JSON.stringify({ step, result })).toBe(true);
    if (result.kind === 'response') expect([...(result.reason ?? '')].length).toBeLessThanOrEqual(200);
  });
  await transport.close();
  await emulator.disconnected();
}

describe('whatever a push service does', () => {
  // Each of these ends by itself: a send, a close or a connection left hanging runs into the test's own limit.
  test.each([
    ['TLS', true, 40],
    ['plain HTTP', false, 60],
  ])('over %s, each send ends in time with a truthful value, and no connection stays', async (_name, tls, numRuns) => {
    const emulator = await closing.emulator({ tls, http2: false });
    await fc.assert(
      fc.asyncProperty(storms, async (storm) => {
        await throwAt(emulator, storm);
        emulator.reset();
      }),
      { numRuns },
    );
    expect(unhandled).toEqual([]);
  });
});
