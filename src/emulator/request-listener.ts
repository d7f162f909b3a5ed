import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { playStep } from './behaviour.ts';
import type { ServedDevice } from './device.ts';
import type { ReceivedPush } from './push-log.ts';
import { checkRequest, MAX_BODY_OCTETS, type Refusal, type RequestCheck, UNKNOWN_DEVICE } from './request-check.ts';

export type ListenerOptions = {
  readonly findDevice: (path: string) => ServedDevice | undefined;
  readonly origin: () => string;
  readonly nowMs: () => number;
  readonly closing: AbortSignal;
};

type Recorded = { -readonly [Field in keyof ReceivedPush]: ReceivedPush[Field] };

/** Mozilla shortens longer ones without a word and says so in the answer. */
const MAX_TTL_SECONDS = 2_592_000;
/** Enough to tell how far over the limit a body is, without keeping whatever is sent. */
const MAX_BODY_READ_OCTETS = 16 * MAX_BODY_OCTETS;

/** Answers requests to devices' endpoints: checks first, then the device's script. */
export function createRequestListener(options: ListenerOptions): RequestListener {
  return (request, response) => {
    // A client that goes away mid-request, or the emulator closing, leaves nothing to be done.
    handle(options, request, response).catch(() => response.destroy());
  };
}

async function handle(options: ListenerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const device = options.findDevice(request.url ?? '');
  const body = await readBody(request);
  if (device === undefined) return refuse(response, UNKNOWN_DEVICE);
  const method = request.method ?? '';
  const facts = { method, headers: request.headers, bodyOctets: body.length };
  const check = checkRequest(facts, options.origin(), device.requiredKey, options.nowMs());
  const push = record(request, response, body, device, check, options.nowMs());

  if (check.refusal !== null) {
    push.status = check.refusal.status;
    device.recordRequest(push);
    return refuse(response, check.refusal);
  }
  const step = device.nextStep();
  device.recordRequest(push);
  push.status = await playStep(step, response, acceptHeaders(options.origin(), push), options.closing);
  device.recordAnswer(push);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let octets = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    octets += chunk.length;
    if (octets <= MAX_BODY_READ_OCTETS) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function record(
  { headers }: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  device: ServedDevice,
  { refusal, vapid }: RequestCheck,
  receivedAtMs: number,
): Recorded {
  const text = (name: string): string | null => headers[name]?.toString() ?? null;
  return {
    device: device.name,
    receivedAtMs,
    ttlSeconds: text('ttl') === null ? null : Number(text('ttl')),
    urgency: text('urgency'),
    topic: text('topic'),
    contentEncoding: text('content-encoding'),
    contentType: text('content-type'),
    authorization: text('authorization'),
    vapid,
    bodyOctets: body.length,
    ...(refusal === null ? device.decrypt(body) : { payload: null, decryptProblem: null }),
    refusal,
    status: null,
    closed: new Promise((resolve) => response.once('close', resolve)),
  };
}

function acceptHeaders(origin: string, { ttlSeconds }: ReceivedPush): Record<string, string> {
  return { Location: `${origin}/m/${randomUUID()}`, TTL: String(Math.min(ttlSeconds ?? 0, MAX_TTL_SECONDS)) };
}

function refuse(response: ServerResponse, { status, errno, message }: Refusal): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify({ code: status, errno, error: 'Push refused', message }));
}
