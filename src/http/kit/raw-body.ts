import { createHash, hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { CancelTimer, Clock } from '../../clock.ts';
import { AppError } from '../../domain/app-error.ts';
import { type ArrivingBody, BLOCK_OCTETS, type BodyBlocks, createBodyBlocks } from './body-blocks.ts';
import type { ApiContext } from './request-context.ts';
import { invalidRequest } from './validation.ts';

/** Room for 10 000 user ids of any usual form, and far below what would hurt. */
export const MAX_BODY_OCTETS = 2 * 1024 * 1024;

export type BodyLimits = {
  /** From the end of the request's head to the end of its body. */
  readonly bodyTimeoutMs: number;
  /** Held at once for callers who are not verified yet. */
  readonly maxUnverifiedBodyOctets: number;
};

/** A body that is there. It stays in pieces until it is known that somebody may send it. */
export type ReceivedBody = {
  readonly pieces: readonly Uint8Array[];
  readonly octets: number;
  /** True where the pieces are used for other bodies once this one is let go of. */
  readonly isBorrowed: boolean;
  /** Nobody looks into the pieces any more. Harmless when repeated. */
  letGo(): void;
};

export type BodyReader = {
  /**
   * Takes the body once, as the raw octets that a signature covers. Counts the octets: Content-Length is only a claim. Rejects with
   * `body_too_large`, `body_timeout`, `overloaded`, and `invalid_request` where the body breaks off.
   */
  receive(c: ApiContext, options: ReceiveOptions): Promise<ReceivedBody>;
  /** Rejects with `unexpected_body` where there is one. */
  refuse(c: ApiContext): Promise<void>;
};

/** `isUnverified`: nobody knows yet whether the caller may call at all. */
type ReceiveOptions = { readonly mostOctets: number; readonly isUnverified: boolean };

export const NO_BODY: ReceivedBody = { pieces: [], octets: 0, isBorrowed: false, letGo: () => {} };

export function createBodyReader(options: BodyLimits & { readonly clock: Clock }): BodyReader {
  const { bodyTimeoutMs: timeoutMs, clock } = options;
  const blocks = createBodyBlocks(options.maxUnverifiedBodyOctets);
  return {
    receive(c, { mostOctets, isUnverified }) {
      const { incoming } = c.env ?? {};
      if (Number(c.req.header('content-length') ?? 0) > mostOctets) throw tooLarge(mostOctets);
      if (incoming === undefined) return receiveFromWeb(c, mostOctets);
      sayContinue(c);
      return receiveFromNode(incoming, { mostOctets, isUnverified, blocks, timeoutMs, clock });
    },
    async refuse(c) {
      // Chunks that come to nothing would have to be read to be told from a body.
      if (c.env?.incoming !== undefined) throw unexpectedBody();
      await receiveFromWeb(c, 0);
    },
  };
}

/** In lower-case hex. */
export function sha256Of({ pieces }: ReceivedBody): string {
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) return hash('sha256', only);
  const digest = createHash('sha256');
  for (const piece of pieces) digest.update(piece);
  return digest.digest('hex');
}

/** In one piece, which stays when the body is let go of. */
export function wholeOf({ pieces, octets, isBorrowed }: ReceivedBody): Uint8Array {
  const [only] = pieces;
  return only !== undefined && pieces.length === 1 && !isBorrowed ? only : Buffer.concat(pieces, octets);
}

/** RFC 9112 section 6.3: a request without both headers, or with a length of 0, has no body. */
export function mayHaveBody(c: ApiContext): boolean {
  const incoming = c.env?.incoming;
  return incoming === undefined ? c.req.raw.body !== null : announcesBody(incoming);
}

export function announcesBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Only now: whoever waits for this before sending is told first that the credentials will not do (RFC 9110 section 10.1.1). */
export function sayContinue(c: ApiContext): void {
  const { incoming, outgoing } = c.env;
  if (incoming?.headers.expect === undefined || incoming.httpVersion === '1.0') return;
  outgoing?.removeHeader('Connection');
  outgoing?.writeContinue();
}

type NodeOptions = ReceiveOptions & {
  readonly blocks: BodyBlocks;
  readonly timeoutMs: number;
  readonly clock: Clock;
};

/** Straight from Node: a web Request and its stream would cost a third of what it takes to accept a notification. */
function receiveFromNode(incoming: IncomingMessage, options: NodeOptions): Promise<ReceivedBody> {
  const { mostOctets, isUnverified, blocks, timeoutMs, clock } = options;
  const declared = Number(incoming.headers['content-length'] ?? Number.NaN);
  return new Promise((resolve, reject) => {
    const kept: Uint8Array[] = [];
    let octets = 0;
    let cancelTimer: CancelTimer | null = null;
    let isOver = false;
    const stop = (): void => {
      incoming.off('data', onData).off('end', onEnd).off('close', onClose);
      isOver = true;
      cancelTimer?.();
    };
    const letGo = (): void => blocks.giveBack(body, kept.splice(0));
    const refuse = (error: AppError): void => {
      stop();
      letGo();
      incoming.pause();
      reject(error);
    };
    const body: ArrivingBody = { isUnverified, giveWay: () => refuse(overloaded()) };
    const onData = (chunk: Uint8Array): void => {
      // The usual case: the whole body in one piece, which needs no copy. Its end comes before anything else.
      if (chunk.byteLength === declared && declared <= mostOctets) {
        stop();
        resolve({ pieces: [chunk], octets: declared, isBorrowed: false, letGo });
      } else if (octets + chunk.byteLength > mostOctets) refuse(tooLarge(mostOctets));
      else if (keep(chunk, octets, kept, () => blocks.take(body))) octets += chunk.byteLength;
    };
    const onEnd = (): void => {
      stop();
      blocks.settle(body);
      resolve({ pieces: cutTo(octets, kept), octets, isBorrowed: true, letGo });
    };
    const onClose = (): void => {
      stop();
      letGo();
      reject(brokenOff());
    };
    incoming.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
    // What came together with the head is there by then, and needs no timer.
    queueMicrotask(() => {
      if (!isOver) cancelTimer = clock.wakeAt(clock.now() + timeoutMs, () => refuse(tooSlow(timeoutMs)));
    });
  });
}

/** Copies a chunk behind the octets that are there. False where no block was to be had. */
function keep(chunk: Uint8Array, before: number, kept: Uint8Array[], take: () => Uint8Array | null): boolean {
  let copied = 0;
  while (copied < chunk.byteLength) {
    const at = (before + copied) % BLOCK_OCTETS;
    const block = at === 0 ? take() : kept.at(-1);
    if (block === null || block === undefined) return false;
    if (at === 0) kept.push(block);
    const piece = chunk.subarray(copied, copied + BLOCK_OCTETS - at);
    block.set(piece, at);
    copied += piece.byteLength;
  }
  return true;
}

/** The blocks, the last one no longer than what is in it. */
function cutTo(octets: number, blocks: readonly Uint8Array[]): readonly Uint8Array[] {
  return blocks.map((block, index) => block.subarray(0, octets - index * BLOCK_OCTETS));
}

/** Where no Node is around the app: a Request with a stream. */
async function receiveFromWeb(c: ApiContext, mostOctets: number): Promise<ReceivedBody> {
  const reader = c.req.raw.body?.getReader();
  const pieces: Uint8Array[] = [];
  let octets = 0;
  for (;;) {
    const { done, value } = (await reader?.read().catch(() => {
      throw brokenOff();
    })) ?? { done: true };
    if (done || value === undefined) return { ...NO_BODY, pieces, octets };
    octets += value.byteLength;
    if (octets > mostOctets) {
      await reader?.cancel();
      throw mostOctets === 0 ? unexpectedBody() : tooLarge(mostOctets);
    }
    pieces.push(value);
  }
}

/** The caller went away or broke the framing, and is at fault. */
export function brokenOff(): AppError {
  return invalidRequest([{ path: '', message: 'the body broke off before its end' }]);
}

function unexpectedBody(): AppError {
  return new AppError('unexpected_body', 'This route takes no body, and would read nothing of it. Leave it out.');
}

function tooLarge(mostOctets: number): AppError {
  return new AppError('body_too_large', `The body is over ${mostOctets} octets. Send less at a time.`, {
    limit_octets: mostOctets,
  });
}

function tooSlow(timeoutMs: number): AppError {
  const seconds = timeoutMs / 1000;
  return new AppError(
    'body_timeout',
    `The body was not there within ${seconds} seconds. Send it at once, or less of it.`,
  );
}

function overloaded(): AppError {
  return new AppError(
    'overloaded',
    'More is sent to this server at once than it can hold. Send the same again shortly.',
  );
}
