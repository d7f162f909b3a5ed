import { createMiddleware } from 'hono/factory';
import { AppError } from '../domain/app-error.ts';
import type { ApiEnv } from './request-context.ts';
import { invalidRequest } from './validation.ts';

/** Room for 10 000 user ids of any usual form, and far below what would hurt. */
export const MAX_BODY_OCTETS = 2 * 1024 * 1024;

/** Reads the body once, as the raw octets that a signature covers. Counts them: Content-Length is only a claim. */
export const readRawBody = createMiddleware<ApiEnv>(async (c, next) => {
  if (Number(c.req.header('content-length') ?? 0) > MAX_BODY_OCTETS) throw tooLarge();
  const stream = c.req.raw.body;
  if (stream !== null) c.set('rawBody', await readLimited(stream));
  await next();
});

async function readLimited(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let octets = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(brokenOff);
    if (done) return Buffer.concat(chunks);
    octets += value.byteLength;
    if (octets > MAX_BODY_OCTETS) {
      await reader.cancel();
      throw tooLarge();
    }
    chunks.push(value);
  }
}

/** The caller went away or broke the framing: its doing, not ours. */
function brokenOff(): never {
  throw invalidRequest([{ path: '', message: 'the body broke off before its end' }]);
}

function tooLarge(): AppError {
  return new AppError('body_too_large', `The body is over ${MAX_BODY_OCTETS} octets (2 MiB). Send less at a time.`, {
    limit_octets: MAX_BODY_OCTETS,
  });
}
