import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trusting } from '../../scripts/demo/main-job.ts';
import { freePort } from '../../scripts/servers/free-port.ts';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { type SignedClient, signedClient } from '../../scripts/signed-client.ts';
import type { Device } from '../../src/emulator/device.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { until } from '../support/until.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';

type Attribute = { readonly key: string; readonly value: Readonly<Record<string, unknown>> };
type Told = {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly Attribute[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: { readonly code: number };
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
};
type Export = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly Told[] }[];
  }[];
};

/** Takes OTLP over HTTP as a collector does: the JSON form of the specification, at its path. */
async function startCollector() {
  const spans: Told[] = [];
  const services = new Set<unknown>();
  const requests: string[] = [];
  const mood = { refuses: false };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      requests.push(`${request.method} ${request.url} ${request.headers['content-type']} ${request.headers['x-team']}`);
      for (const { resource, scopeSpans } of (JSON.parse(body) as Export).resourceSpans) {
        services.add(attributeOf(resource.attributes, 'service.name'));
        spans.push(...scopeSpans.flatMap((scope) => scope.spans));
      }
      response.writeHead(mood.refuses ? 400 : 200, { 'Content-Type': 'application/json' }).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, spans, services, requests, mood, close: () => void server.close().closeAllConnections() };
}

function attributeOf(attributes: readonly Attribute[], name: string): unknown {
  return Object.values(attributes.find(({ key }) => key === name)?.value ?? {})[0];
}

describe('a service that tells its spans to a collector', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-tracing-'));
  let collector: Awaited<ReturnType<typeof startCollector>>;
  let emulator: Emulator;
  let device: Device;
  let service: ServiceProcess;
  let call: SignedClient;

  const start = async (endpoint: string) => {
    const tracing = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: 'x-team=shop%20one' };
    // What OpenTelemetry itself reads: how long spans are gathered.
    const environment = { ...trusting(emulator, folder), ...tracing, OTEL_BSP_SCHEDULE_DELAY: '50' };
    service = await startServiceProcess({ folder, environment });
    call = signedClient(service.address, service.secret);
  };
  const send = (headers: Record<string, string>) =>
    call('POST', '/v1/notifications', { body: { type: 't', title: 'x', user_ids: ['ada'] }, headers });

  beforeAll(async () => {
    [collector, emulator] = await Promise.all([startCollector(), startEmulator()]);
    await start(collector.url);
    device = emulator.createDevice({ name: 'ada', behaviour: [{ status: 500 }, {}] });
    await call('POST', '/v1/subscriptions', { body: { user_id: 'ada', ...device.subscription } });
  }, 60_000);
  afterAll(async () => {
    await service.stop('SIGKILL');
    await emulator.close();
    collector.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has the call within its caller’s trace; the page and each attempt linked to it; and the trace in its log', async () => {
    const { status, body } = await send({ traceparent: `00-${TRACE_ID}-${CALLER}-01` });
    expect(status).toBe(202);
    const named = (name: string) => collector.spans.filter((span) => span.name === name);
    await until('all is told', () => named('push attempt').length >= 2, 20_000);
    const [span] = named('POST /v1/notifications');
    expect(span).toMatchObject({ traceId: TRACE_ID, parentSpanId: CALLER, kind: 2 });
    expect(attributeOf(span!.attributes, 'http.response.status_code')).toBe(202);
    const [first, second] = named('push attempt');
    for (const linked of [named('fan-out page')[0], first, second]) {
      expect(linked?.links).toMatchObject([{ traceId: TRACE_ID, spanId: span!.spanId }]);
      expect(linked?.traceId).not.toBe(TRACE_ID);
      expect(attributeOf(linked!.attributes, 'bellhop.notification_id')).toBe(body.id);
      expect(BigInt(linked!.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(linked!.startTimeUnixNano));
    }
    expect([first, second].map((one) => [attributeOf(one!.attributes, 'bellhop.attempt'), one!.status.code])).toEqual([
      [1, 2],
      [2, 0],
    ]);
    const attempts = (await call('GET', `/v1/notifications/${body.id}/attempts`)).body.items as { trace_id: string }[];
    expect(attempts.map(({ trace_id }) => trace_id)).toEqual([first?.traceId, second?.traceId]);
    const logged = service.log.filter(({ event }) => event === 'delivery.settled');
    expect(logged.map(({ attempt_trace_id }) => attempt_trace_id)).toEqual([first?.traceId, second?.traceId]);
    expect([...collector.services]).toEqual(['bellhop']);
    expect([...new Set(collector.requests)]).toEqual(['POST /v1/traces application/json shop one']);
    const traced = service.log.filter((line) => line.trace_id === TRACE_ID).map(({ event }) => event);
    expect(traced).toEqual(expect.arrayContaining(['http.request', 'notification.accepted', 'delivery.settled']));
    expect(JSON.stringify(collector.spans)).not.toContain(new URL(device.subscription.endpoint).pathname);
  });

  it('begins a trace where the caller has none, or one that is no trace', async () => {
    const before = collector.spans.length;
    await send({ traceparent: `00-${'0'.repeat(32)}-${CALLER}-01` });
    await send({});
    const later = () => collector.spans.slice(before).filter(({ name }) => name === 'POST /v1/notifications');
    await until('both are told', () => later().length === 2);
    expect(later().map(({ parentSpanId }) => parentSpanId)).toEqual([undefined, undefined]);
    expect(new Set(later().map(({ traceId }) => traceId)).size).toBe(2);
  });

  it('says so where the collector refuses them, and when it takes them again', async () => {
    collector.mood.refuses = true;
    await send({});
    const failure = () => service.log.find(({ event, part }) => event === 'part.failed' && part === 'tracing');
    await until('it is told', () => failure() !== undefined);
    expect(failure()?.msg).toContain('OTEL_EXPORTER_OTLP_ENDPOINT');
    collector.mood.refuses = false;
    await send({});
    const resumed = () => service.log.find(({ event }) => event === 'tracing.resumed');
    await until('it is over', () => resumed() !== undefined);
    expect(resumed()?.lost_spans).toBeGreaterThan(0);
  });

  it('sends all the same, and stops in time, where nobody takes them', async () => {
    await service.stop('SIGTERM');
    await start(`http://127.0.0.1:${await freePort()}`);
    const before = device.received.length;
    expect((await send({})).status).toBe(202);
    await until('it has come', () => device.received.length > before);
    const stoppingAtMs = Date.now();
    await service.stop('SIGTERM');
    expect(Date.now() - stoppingAtMs).toBeLessThan(10_000);
  });
});
