import type { IncomingMessage } from 'node:http';
import type { Access, Judged } from '../../access/access.ts';
import { AppError } from '../../domain/app-error.ts';
import { demandScope } from './authenticate.ts';
import { allowLongUpload } from './long-uploads.ts';
import {
  type BodyReader,
  brokenOff,
  MAX_BODY_OCTETS,
  mayHaveBody,
  NO_BODY,
  sayContinue,
  sha256Of,
  wholeOf,
} from './raw-body.ts';
import type { ApiContext } from './request-context.ts';
import { checkMediaType } from './request-input.ts';
import type { RouteSpec } from './route.ts';
import { LINES_MEDIA_TYPE } from './route-description.ts';
import type { Spool } from './spool.ts';
import type { BodyStream } from './streams.ts';
import { invalidRequest } from './validation.ts';

export type StreamedBodies = {
  /**
   * The body of a caller who is known. One with a Bearer token is known by the head, and the body is read as it arrives. A signature
   * covers the whole body: up to 2 MiB are received first, as every body is. Beyond that the head must have the digest, so that the signature
   * is judged before anything is read; the body is kept in a file until it is known to have that digest.
   */
  take(c: ApiContext, route: RouteSpec, judged: Judged): Promise<BodyStream>;
};

const DIGEST_HEADER = 'X-Content-SHA256';

const FORM = {
  mediaTypes: [LINES_MEDIA_TYPE, 'application/ndjson', 'application/jsonl'],
  advice: 'Send one JSON object a line, in UTF-8, with Content-Type: application/x-ndjson.',
};

type Parts = { readonly access: Access; readonly bodies: BodyReader; readonly spool: Spool };

export function createStreamedBodies(parts: Parts): StreamedBodies {
  return {
    async take(c, route, judged) {
      if (judged.kind !== 'signed') {
        checkForm(c);
        return arriving(c);
      }
      const verify = async (sha256: string): Promise<void> => {
        const caller = await parts.access.verifyBody(judged.head, sha256);
        c.set('caller', caller);
        if (route.access !== 'open') demandScope(caller, route.scope);
        checkForm(c);
      };
      const digest = c.req.header(DIGEST_HEADER);
      if (digest === undefined) return receiveFirst(parts, c, verify);
      if (!/^[0-9a-f]{64}$/.test(digest)) throw wrongDigest();
      await verify(digest);
      const declared = Number(c.req.header('content-length') ?? 0);
      const spooled = await parts.spool.keep(arriving(c).chunks, declared);
      // Also where the route refuses it after all.
      c.env?.outgoing?.once('close', () => void spooled.close());
      if (spooled.sha256 === digest) return spooled;
      await spooled.close();
      throw wrongDigest();
    },
  };
}

function checkForm(c: ApiContext): void {
  if (mayHaveBody(c)) checkMediaType(c.req, FORM);
  // A key of the whole would promise what no answer keeps: lines stand alone, and some may be accepted where others are not.
  if (c.req.header('idempotency-key') === undefined) return;
  const message = 'is for a single call: give each line an `idempotency_key` of its own, and send the same lines again';
  throw invalidRequest([{ path: 'idempotency-key', message }]);
}

async function receiveFirst(
  { bodies }: Parts,
  c: ApiContext,
  verify: (digest: string) => Promise<void>,
): Promise<BodyStream> {
  const receiving = mayHaveBody(c) ? bodies.receive(c, { mostOctets: MAX_BODY_OCTETS, isUnverified: true }) : NO_BODY;
  const body = await Promise.resolve(receiving).catch(adviseDigest);
  try {
    await verify(sha256Of(body));
    const whole = wholeOf(body);
    return { chunks: one(whole), close: async () => {} };
  } finally {
    body.letGo();
  }
}

function adviseDigest(error: unknown): never {
  if (!(error instanceof AppError) || error.code !== 'body_too_large') throw error;
  throw new AppError(
    'body_too_large',
    `A signed body of over ${MAX_BODY_OCTETS} octets needs its SHA-256 in the header ${DIGEST_HEADER} (lower-case hex), so that the ` +
      'signature can be judged before the body is read. Or send less at a time, or send Authorization: Bearer.',
    error.details,
  );
}

function wrongDigest(): AppError {
  return new AppError(
    'bad_signature',
    `${DIGEST_HEADER} is not the SHA-256 of the body in lower-case hex. Nothing of the body was looked at.`,
  );
}

async function* one(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}

function arriving(c: ApiContext): BodyStream {
  const { incoming } = c.env ?? {};
  if (incoming === undefined) return { chunks: fromWeb(c), close: async () => {} };
  allowLongUpload(c);
  sayContinue(c);
  return { chunks: fromNode(incoming), close: async () => {} };
}

async function* fromNode(incoming: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  } catch {
    throw brokenOff();
  }
}

/** Where no Node is around the app: a Request with a stream. */
async function* fromWeb(c: ApiContext): AsyncGenerator<Uint8Array> {
  const reader = c.req.raw.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(() => {
        throw brokenOff();
      });
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
