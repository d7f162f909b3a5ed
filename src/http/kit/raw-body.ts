import type { IncomingMessage } from 'node:http';
import { AppError } from '../../domain/app-error.ts';
import type { ApiContext } from './request-context.ts';
import { invalidRequest } from './validation.ts';

/** Room for 10 000 user ids of any usual form, and far below what would hurt. */
export const MAX_BODY_OCTETS = 2 * 1024 * 1024;

/** Whether there is anything to read: RFC 9112 section 6.3, a request without both headers has no body. */
export function mayHaveBody(c: ApiContext): boolean {
  const incoming = c.env?.incoming;
  if (incoming === undefined) return c.req.raw.body !== null;
  const { 'content-length': length, 'transfer-encoding': coding } = incoming.headers;
  return coding !== undefined || (length !== undefined && length !== '0');
}

/**
 * Reads the body once, as the raw octets that a signature covers. Counts the octets: Content-Length is only a claim. Refuses
 * more than `mostOctets`; 0 refuses any body.
 */
export async function readRawBody(c: ApiContext, mostOctets: number): Promise<void> {
  if (Number(c.req.header('content-length') ?? 0) > mostOctets) throw tooLarge(mostOctets);
  const { incoming } = c.env ?? {};
  if (incoming !== undefined) c.set('rawBody', await readIncoming(incoming, mostOctets));
  else if (c.req.raw.body !== null) c.set('rawBody', await readLimited(c.req.raw.body, mostOctets));
}

/** Straight from Node: a web Request and its stream would cost a third of what it takes to accept a notification. */
function readIncoming(incoming: IncomingMessage, mostOctets: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let octets = 0;
    const stop = (): void => {
      incoming.off('data', onData).off('end', onEnd).off('close', onClose);
    };
    const onData = (chunk: Uint8Array): void => {
      octets += chunk.byteLength;
      chunks.push(chunk);
      if (octets <= mostOctets) return;
      stop();
      incoming.pause();
      reject(tooLarge(mostOctets));
    };
    const onEnd = (): void => {
      stop();
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
    };
    const onClose = (): void => {
      stop();
      reject(brokenOff());
    };
    incoming.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

async function readLimited(stream: ReadableStream<Uint8Array>, mostOctets: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let octets = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw brokenOff();
    });
    if (done) return Buffer.concat(chunks);
    octets += value.byteLength;
    if (octets > mostOctets) {
      await reader.cancel();
      throw tooLarge(mostOctets);
    }
    chunks.push(value);
  }
}

/** The caller went away or broke the framing, so this is no error of the server. */
function brokenOff(): AppError {
  return invalidRequest([{ path: '', message: 'the body broke off before its end' }]);
}

function tooLarge(mostOctets: number): AppError {
  if (mostOctets === 0) {
    return new AppError('unexpected_body', 'This route takes no body, and would read nothing of it. Leave it out.');
  }
  return new AppError('body_too_large', `The body is over ${mostOctets} octets (2 MiB). Send less at a time.`, {
    limit_octets: mostOctets,
  });
}
