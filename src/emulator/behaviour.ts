import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * How a device's push service treats one well-formed request. Plain data, so that it can be written in a test and sent
 * as JSON alike. `{}` accepts.
 */
export type Step = {
  /** 201 unless given. */
  readonly status?: number;
  readonly retryAfterSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** A body of this many octets of filler, written as fast as it is taken. */
  readonly bodyOctets?: number;
  /** The Content-Length to claim, whatever the body has. */
  readonly contentLength?: number;
  /** How long to wait before anything else. */
  readonly delayMs?: number;
  /**
   * `hang` and `reset`: no answer at all, the connection kept or closed. `hang_mid_body` and `reset_mid_body`: the
   * same after the headers and the body's start.
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
 * Acts a step out. `acceptHeaders` are what a 2xx carries. Gives the status sent, or null when none was. Rejects when
 * `signal` ends the wait.
 */
export async function playStep(
  step: Step,
  response: ServerResponse,
  acceptHeaders: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<number | null> {
  if (step.delayMs !== undefined) await delay(step.delayMs, undefined, { signal });
  if (response.destroyed || step.fault === 'hang') return null;
  if (step.fault === 'reset') {
    response.destroy();
    return null;
  }
  const status = step.status ?? 201;
  response.writeHead(status, {
    ...(status >= 200 && status <= 299 ? acceptHeaders : {}),
    ...(step.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(step.retryAfterSeconds) }),
    ...step.headers,
    ...lengthHeader(step),
  });
  writeBody(step, response);
  return status;
}

function lengthHeader(step: Step): Record<string, string> {
  if (step.contentLength !== undefined) return { 'Content-Length': String(step.contentLength) };
  if (step.bodyOctets !== undefined || step.fault !== undefined) return {};
  return { 'Content-Length': String(Buffer.byteLength(step.body ?? '')) };
}

function writeBody(step: Step, response: ServerResponse): void {
  if (step.fault === 'hang_mid_body' || step.fault === 'reset_mid_body') {
    const resets = step.fault === 'reset_mid_body';
    response.write(step.body ?? 'the start of ', () => {
      if (resets) response.destroy();
    });
  } else if (step.bodyOctets !== undefined) {
    // A reader that has had enough closes the connection, which is no fault of the emulator's.
    pipeline(Readable.from(filler(step.bodyOctets)), response).catch(() => undefined);
  } else {
    response.end(step.body);
  }
}

function* filler(octets: number): Generator<Buffer> {
  for (let left = octets; left > 0; left -= CHUNK.length) yield CHUNK.subarray(0, left);
}
