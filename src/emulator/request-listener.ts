import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { playStep, type Step } from './behaviour.ts';
import type { ServedDevice } from './device.ts';
import { breakOff } from './exchange.ts';
import { type Answer, MAX_BODY_OCTETS, type Profile } from './profile.ts';
import type { ReceivedPush, Refusal } from './push-log.ts';
import { checkRequest, UNKNOWN_DEVICE } from './request-check.ts';
import type { VapidFacts } from './vapid-check.ts';

export type ListenerOptions = {
  readonly profile: Profile;
  readonly findDevice: (path: string) => ServedDevice | undefined;
  /** Told of each request that no device has the endpoint of. */
  readonly onUnknownDevice: () => void;
  /** What the service does with a request, before the device's own script is asked; null leaves it to that. */
  readonly serviceStep: (device: ServedDevice) => Step | null;
  readonly origin: () => string;
  /** The origin for which tokens must be signed. */
  readonly audience: () => string;
  readonly nowMs: () => number;
  readonly closing: AbortSignal;
};

type Recorded = { -readonly [Field in keyof ReceivedPush]: ReceivedPush[Field] };

/** Enough to tell how far over the limit a body is, without keeping whatever is sent. */
const MAX_BODY_READ_OCTETS = 16 * MAX_BODY_OCTETS;

/** Answers requests to devices' endpoints: checks first, then the service's script, then the device's. */
export function createRequestListener(options: ListenerOptions): RequestListener {
  return (request, response) => {
    // A client that goes away mid-request, or the emulator closing, leaves nothing to be done.
    handle(options, request, response).catch(() => breakOff(response));
  };
}

async function handle(options: ListenerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { profile, origin, audience } = options;
  const device = options.findDevice(request.url ?? '');
  const body = await readBody(request);
  if (device === undefined) {
    options.onUnknownDevice();
    return say(response, profile.refuse(UNKNOWN_DEVICE));
  }
  const facts = { method: request.method ?? '', headers: request.headers, bodyOctets: body.length };
  const nowMs = options.nowMs();
  const { requiredKey } = device;
  const { fault, vapid } = checkRequest(facts, { profile, audience: audience(), requiredKey, nowMs });
  const refusal = fault === null ? null : profile.refuse(fault);
  const push = record({ request, response, body, device, vapid, receivedAtMs: nowMs });

  if (fault !== null && refusal !== null) {
    push.refusal = { ...fault, ...codesOf(refusal) };
    push.status = refusal.status;
    device.recordRequest(push);
    return say(response, refusal);
  }
  // A push without a body has nothing to decrypt: the browser wakes its worker without data.
  if (body.length > 0) Object.assign(push, device.decrypt(body));
  const step = options.serviceStep(device) ?? device.nextStep();
  device.recordRequest(push);
  const accepted = { origin: origin(), ttlSeconds: push.ttlSeconds ?? 0 };
  push.status = await playStep(step, response, (status) => profile.answer(status, accepted), options.closing);
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

type Arrival = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Buffer;
  readonly device: ServedDevice;
  readonly vapid: VapidFacts | null;
  readonly receivedAtMs: number;
};

function record({ request, response, body, device, vapid, receivedAtMs }: Arrival): Recorded {
  const { headers, httpVersion } = request;
  const text = (name: string): string | null => headers[name]?.toString() ?? null;
  const closed = new Promise<void>((resolve) => response.once('close', resolve));
  return {
    device: device.name,
    profile: device.profile,
    httpVersion,
    receivedAtMs,
    headers,
    ttlSeconds: text('ttl') === null ? null : Number(text('ttl')),
    urgency: text('urgency'),
    topic: text('topic'),
    contentEncoding: text('content-encoding'),
    contentType: text('content-type'),
    authorization: text('authorization'),
    vapid,
    bodyOctets: body.length,
    payload: null,
    decryptProblem: null,
    refusal: null,
    status: null,
    othersUnderWay: device.begin(closed),
    closed,
  };
}

function codesOf({ status, errno }: Answer): Pick<Refusal, 'status' | 'errno'> {
  return errno === undefined ? { status } : { status, errno };
}

function say(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}
