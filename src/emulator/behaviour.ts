import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { breakOff, isAbandoned, streamOf } from './exchange.ts';
import type { Answer } from './profile.ts';

/**
 * How a device's push service treats one well-formed request. Plain data, so that it can be written in a test and sent
 * as JSON alike. `{}` accepts.
 */
export type Step = {
  /** 201 unless given. */
  readonly status?: number;
  readonly retryAfterSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the service itself says with that status, unless given. */
  readonly body?: string;
  /** A body of this many octets of filler, written as fast as it is taken. */
  readonly bodyOctets?: number;
  /** The Content-Length to claim, whatever the body has. Over HTTP/2 one that is wrong makes the answer malformed. */
  readonly contentLength?: number;
  /** How long to wait before anything else. */
  readonly delayMs?: number;
  /**
   * `hang` and `reset`: no answer at all, the connection kept or closed. `hang_mid_body` and `reset_mid_body`: the
   * same after the headers and the body's start. Over HTTP/2 only the stream is closed, not the connection.
   */
  readonly fault?: 'hang' | 'reset' | 'hang_mid_body' | 'reset_mid_body';
};

/** One step for each request; the last one repeats. None accepts everything. */
export type Behaviour = readonly Step[];

const CHUNK = Buffer.alloc(16 * 1024, 'x');

/** The step for a device's nth well-formed request, counted from 0. */
export function stepAt(behaviour: Behaviour, index: number): Step {
  return behaviour[Math.min(index, behaviour.length - 1)] ?? {};
}

/**
 * Acts a step out. `answerOf` is what the service would say with a status. Gives the status sent, or null when none
 * was. Rejects when `signal` ends the wait.
 */
export async function playStep(
  step: Step,
  response: ServerResponse,
  answerOf: (status: number) => Answer,
  signal: AbortSignal,
): Promise<number | null> {
  if (step.delayMs !== undefined) await delay(step.delayMs, undefined, { signal });
  if (isAbandoned(response) || step.fault === 'hang') return null;
  if (step.fault === 'reset') {
    breakOff(response);
    return null;
  }
  const { status, headers, body } = answerOf(step.status ?? 201);
  const spoken = step.body ?? body;
  response.statusCode = status;
  for (const [name, value] of Object.entries({ ...headers, ...lengthHeader(step, spoken) })) {
    response.setHeader(name, value);
  }
  // What is scripted goes before what the service says of itself, whichever way the name is written.
  if (step.retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(step.retryAfterSeconds));
  for (const [name, value] of Object.entries(step.headers ?? {})) response.setHeader(name, value);
  writeBody(step, spoken, response);
  return status;
}

function lengthHeader({ contentLength, bodyOctets, fault }: Step, body: string): Record<string, string> {
  if (contentLength !== undefined) return { 'Content-Length': String(contentLength) };
  if (bodyOctets !== undefined || fault !== undefined) return {};
  return { 'Content-Length': String(Buffer.byteLength(body)) };
}

function writeBody({ fault, bodyOctets, body: scripted }: Step, body: string, response: ServerResponse): void {
  if (fault === 'hang_mid_body' || fault === 'reset_mid_body') {
    response.write(scripted ?? 'the start of ', () => {
      if (fault === 'reset_mid_body') breakOff(response);
    });
  } else if (bodyOctets !== undefined) {
    response.flushHeaders();
    // A reader that has had enough closes the connection, which is no fault of the emulator's.
    pipeline(Readable.from(filler(bodyOctets)), streamOf(response) ?? response).catch(() => undefined);
  } else {
    response.end(body);
  }
}

function* filler(octets: number): Generator<Buffer> {
  for (let left = octets; left > 0; left -= CHUNK.length) yield CHUNK.subarray(0, left);
}
