import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Clock } from '../clock.ts';
import type { Events } from '../domain/events.ts';

/** While the collector is away, every batch fails: one is told at most in this time. */
const TOLD_EVERY_MS = 120_000;
const SUCCESS = 0;

/**
 * Hands spans on, and tells where that fails: at once, then seldom, and when it works again.
 *
 * | Before | A batch is | Told |
 * |---|---|---|
 * | taken, or none | taken | nothing |
 * | taken, or none | refused | `part.failed` |
 * | refused | refused | `part.failed`, where the latest was told two minutes ago |
 * | refused | taken | `tracing.resumed`, with how many spans were lost |
 */
export function watchExporter(exporter: SpanExporter, events: Pick<Events, 'publish'>, clock: Clock): SpanExporter {
  let lostSpans = 0;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  const noteFailure = (spans: readonly ReadableSpan[], error: unknown): void => {
    lostSpans += spans.length;
    if (clock.now() - toldAtMs < TOLD_EVERY_MS) return;
    toldAtMs = clock.now();
    events.publish({ type: 'part.failed', part: 'tracing', error });
  };
  const noteSuccess = (): void => {
    if (lostSpans > 0) events.publish({ type: 'tracing.resumed', lostSpans });
    lostSpans = 0;
    toldAtMs = Number.NEGATIVE_INFINITY;
  };
  return {
    export(spans, onResult) {
      exporter.export(spans, (result) => {
        if (result.code === SUCCESS) noteSuccess();
        else noteFailure(spans, result.error ?? new Error('the collector did not take them'));
        onResult(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}
