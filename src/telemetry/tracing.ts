import type { Link, Span, SpanContext, Tracer } from '@opentelemetry/api';
import type { IdGenerator } from '@opentelemetry/sdk-trace-base';
import type { Clock } from '../clock.ts';
import type { BellhopEvent, Events } from '../domain/events.ts';
import { attemptTraceId, type BeginCall } from '../domain/trace.ts';
import { watchExporter } from './watched-exporter.ts';

type EventOf<Type extends BellhopEvent['type']> = Extract<BellhopEvent, { type: Type }>;

export type TracingOptions = {
  /** Where OTLP is taken over HTTP, such as `http://127.0.0.1:4318`; spans go to `/v1/traces` below it. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  readonly version: string;
};

export type Tracing = {
  readonly beginCall: BeginCall;
  /** Sends what is left, for some seconds at most. */
  stop(): Promise<void>;
};

/** Spans are sent together, and given up where nobody takes them: sending pushes waits for none of it. */
const EXPORT_TIMEOUT_MS = 5000;
const SERVER_KIND = 1;
const CLIENT_KIND = 2;
const ERROR_STATUS = 2;

/**
 * Tells calls, pages of fan-outs and attempts to an OpenTelemetry collector. What a call leads to happens later and elsewhere, and
 * may be much: its spans are traces of their own that link to the call. The libraries are loaded here, and nowhere else.
 */
export async function openTracing(events: Events, options: TracingOptions, clock: Clock): Promise<Tracing> {
  const [
    { OTLPTraceExporter },
    { BasicTracerProvider, BatchSpanProcessor, RandomIdGenerator },
    { resourceFromAttributes },
    api,
  ] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/api'),
  ]);
  const exporter = new OTLPTraceExporter({
    url: `${options.endpoint.replace(/\/$/, '')}/v1/traces`,
    headers: { ...options.headers },
    timeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const attributes = { 'service.name': options.serviceName, 'service.version': options.version };
  const processor = new BatchSpanProcessor(watchExporter(exporter, events, clock), {
    exportTimeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const ids = foreseenIds(new RandomIdGenerator());
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes(attributes),
    spanProcessors: [processor],
    idGenerator: ids,
  });
  const tracer = provider.getTracer('bellhop', options.version);
  const unsubscribe = events.subscribe((event) => traceEvent({ tracer, ids }, event));
  const { ROOT_CONTEXT, trace } = api;
  return {
    beginCall(method, parent) {
      const context = parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, contextOf(parent));
      const span = tracer.startSpan(
        method,
        { kind: SERVER_KIND, attributes: { 'http.request.method': method } },
        context,
      );
      return { traceparent: traceparentOf(span), end: (answer) => endCall(span, method, answer) };
    },
    async stop() {
      unsubscribe();
      await provider.shutdown().catch(() => {});
    },
  };
}

function endCall(
  span: Span,
  method: string,
  { route, status, requestId }: Parameters<ReturnType<BeginCall>['end']>[0],
): void {
  span.setAttribute('http.response.status_code', status);
  span.setAttribute('bellhop.request_id', requestId);
  if (route !== null) {
    span.updateName(`${method} ${route}`);
    span.setAttribute('http.route', route);
  }
  // A refused call is the caller's matter, by the conventions for servers.
  if (status >= 500) span.setStatus({ code: ERROR_STATUS });
  span.end();
}

type ForeseenIds = IdGenerator & {
  /** Makes the span that begins with this trace. */
  within<Made>(traceId: string, begin: () => Made): Made;
};

/** Random ids, but where somebody says which trace it is to be. */
function foreseenIds(random: IdGenerator): ForeseenIds {
  let foreseen: string | null = null;
  return {
    generateTraceId: () => foreseen ?? random.generateTraceId(),
    generateSpanId: () => random.generateSpanId(),
    within(traceId, begin) {
      foreseen = traceId;
      try {
        return begin();
      } finally {
        foreseen = null;
      }
    },
  };
}

type Teller = { readonly tracer: Tracer; readonly ids: ForeseenIds };

function traceEvent(teller: Teller, event: BellhopEvent): void {
  if (event.type === 'fan_out.page') tracePage(teller.tracer, event);
  else if (event.type === 'delivery.settled' && event.attempt !== null) traceAttempt(teller, event, event.attempt);
}

function tracePage(tracer: Tracer, event: EventOf<'fan_out.page'>): void {
  const attributes = {
    'bellhop.notification_id': event.notificationId,
    'bellhop.users': event.users,
    'bellhop.deliveries': event.deliveries,
  };
  const links = linksTo(event.trace);
  tracer
    .startSpan('fan-out page', { root: true, links, attributes, startTime: event.startedAtMs })
    .end(event.endedAtMs);
}

function traceAttempt(
  { tracer, ids }: Teller,
  event: EventOf<'delivery.settled'>,
  attempt: NonNullable<EventOf<'delivery.settled'>['attempt']>,
): void {
  if (event.trace === undefined) return;
  const attributes = {
    'server.address': new URL(event.origin).hostname,
    'bellhop.notification_id': event.notificationId,
    'bellhop.delivery_id': event.deliveryId,
    'bellhop.attempt': attempt.number,
    'bellhop.outcome': attempt.outcome,
    'bellhop.state': event.state,
    ...(attempt.httpStatus === null ? {} : { 'http.response.status_code': attempt.httpStatus }),
  };
  const options = {
    root: true,
    kind: CLIENT_KIND,
    links: linksTo(event.trace),
    attributes,
    startTime: attempt.startedAtMs,
  };
  const traceId = attemptTraceId(event.deliveryId, attempt.number);
  const span = ids.within(traceId, () => tracer.startSpan('push attempt', options));
  if (attempt.status === 'failed') span.setStatus({ code: ERROR_STATUS, message: attempt.outcome });
  span.end(attempt.endedAtMs);
}

function linksTo(traceparent: string): Link[] {
  return [{ context: contextOf(traceparent) }];
}

function contextOf(traceparent: string): SpanContext {
  const [, traceId = '', spanId = '', flags = '00'] = traceparent.split('-');
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}
