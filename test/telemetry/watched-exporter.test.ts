import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { expect, it } from 'vitest';
import type { BellhopEvent } from '../../src/domain/events.ts';
import { watchExporter } from '../../src/telemetry/watched-exporter.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const SPANS = [{}, {}] as ReadableSpan[];

it('tells that spans are not taken, at once, then seldom, and when they are again', () => {
  const [clock, told, results] = [createFakeClock(), [] as BellhopEvent[], [] as number[]];
  let code = 0;
  const inner = { export: (_, onResult) => onResult({ code }), shutdown: async () => {} } as SpanExporter;
  const exporter = watchExporter(inner, { publish: (event) => void told.push(event) }, clock);
  const send = (with_: number): void => {
    code = with_;
    exporter.export(SPANS, (result) => void results.push(result.code));
  };
  const failed = { type: 'part.failed', part: 'tracing', error: expect.any(Error) };
  send(0);
  expect(told).toEqual([]);
  for (let batch = 0; batch < 3; batch += 1) send(1);
  expect(told).toEqual([failed]);
  clock.advance(120_000);
  send(1);
  expect(told).toEqual([failed, failed]);
  send(0);
  send(0);
  expect(told).toEqual([failed, failed, { type: 'tracing.resumed', lostSpans: 8 }]);
  send(1);
  expect(told.at(-1)).toEqual(failed);
  expect(results).toEqual([0, 1, 1, 1, 1, 0, 0, 1]);
});
