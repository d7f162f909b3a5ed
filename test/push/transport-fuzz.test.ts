import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import type { Step } from '../../src/emulator/behaviour.ts';
import { Closing, messageTo, never } from './transport-fixture.ts';

const closing = new Closing();
afterEach(() => closing.all());

const TIMEOUT_MS = 250;

const headerText = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_.,;=" '), maxLength: 40 });
const headers = fc.record(
  {
    'Retry-After': fc.oneof(
      fc.nat().map(String),
      headerText,
      fc.date({ noInvalidDate: true }).map((at) => at.toUTCString()),
    ),
    TTL: fc.oneof(fc.nat().map(String), headerText),
    'X-WNS-Status': headerText,
    'Content-Type': fc.constantFrom('application/json', 'text/html', 'image/png'),
    Location: fc.constant('https://127.0.0.1:1/elsewhere'),
  },
  { requiredKeys: [] },
);

const steps: fc.Arbitrary<Step> = fc.record(
  {
    status: fc.integer({ min: 200, max: 599 }),
    headers,
    body: fc.oneof(fc.string(), fc.json(), fc.string({ unit: 'binary' })),
    bodyOctets: fc.constantFrom(0, 1, 65_535, 65_536, 65_537, 300_000),
    contentLength: fc.constantFrom(0, 1, 5, 100_000),
    delayMs: fc.constantFrom(0, 1, 20, 2000),
    fault: fc.constantFrom('hang', 'reset', 'hang_mid_body', 'reset_mid_body'),
  },
  { requiredKeys: [] },
);

test('whatever a push service does, each send ends with a value, in time, and leaves no socket behind', async () => {
  const emulator = await closing.emulator();
  const transport = closing.transportTo(emulator, { attemptTimeoutMs: TIMEOUT_MS });
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 5 }), async (many) => {
      const devices = many.map((step) => emulator.createDevice({ behaviour: [step] }));
      const results = await Promise.all(
        devices.map(({ subscription }) => transport.send(messageTo(subscription), never)),
      );
      for (const [index, result] of results.entries()) {
        const step = many[index] ?? {};
        if (result.kind === 'failure') {
          const isToBlame = step.fault !== undefined || step.delayMs === 2000 || step.contentLength !== undefined;
          expect({ step, failure: result.failure, isToBlame }).toMatchObject({ isToBlame: true });
          expect(result.failure).toMatch(/^(timeout|reset)$/);
        } else {
          expect(result.status).toBe(step.status ?? 201);
          expect(result.reason === null || (result.reason.length <= 200 && !/[\r\n]/.test(result.reason))).toBe(true);
          expect(result.ttlSeconds ?? 0).toBeGreaterThanOrEqual(0);
        }
      }
    }),
    { numRuns: 40 },
  );
  await transport.close();
  await emulator.disconnected();
});
