import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import type { Store } from '../store/store.ts';

/** A live secret. The same id twice means that a secret is being rotated; both count. */
export type ApiKey = { readonly id: string; readonly secret: string };

/** A request as it came, before anything of it was parsed. */
export type AccessRequest = {
  readonly method: string;
  readonly pathWithQuery: string;
  readonly rawBody: Uint8Array;
  header(name: string): string | undefined;
};

export type Caller = { readonly keyId: string };

/** Says who calls, or refuses with an error that tells what to mend. */
export type Access = { authenticate(request: AccessRequest): Promise<Caller> };

export type AccessOptions = {
  readonly keys: readonly ApiKey[];
  readonly allowBearer: boolean;
  readonly store: Pick<Store, 'useNonce'>;
  readonly clock: Clock;
};

export const DEFAULT_KEY_ID = 'default';

/** How far the caller's clock may be off, either way. */
export const TIMESTAMP_WINDOW_MS = 300_000;

const howTo = (allowBearer: boolean): string =>
  allowBearer
    ? 'Sign the request (X-Timestamp, X-Signature), or send Authorization: Bearer <secret>.'
    : 'Sign the request (X-Timestamp, X-Signature).';

/** Request signing by HMAC-SHA256, and Bearer for people with curl. `docs/http.md` shows how to sign. */
export function createAccess(options: AccessOptions): Access {
  return {
    async authenticate(request) {
      if (request.header('x-signature') !== undefined || request.header('x-timestamp') !== undefined) {
        return bySignature(options, request);
      }
      const authorization = request.header('authorization');
      if (authorization !== undefined) return byBearer(options, authorization);
      throw new AppError('missing_credentials', `This request has no credentials. ${howTo(options.allowBearer)}`);
    },
  };
}

async function bySignature(options: AccessOptions, request: AccessRequest): Promise<Caller> {
  const signature = request.header('x-signature');
  const timestamp = request.header('x-timestamp');
  if (signature === undefined || timestamp === undefined) {
    const missing = signature === undefined ? 'X-Signature' : 'X-Timestamp';
    throw new AppError('missing_credentials', `A signed request needs both headers; ${missing} is missing.`);
  }
  const keyId = request.header('x-key-id') ?? DEFAULT_KEY_ID;
  const secrets = options.keys.filter((key) => key.id === keyId).map((key) => key.secret);
  if (secrets.length === 0) {
    const which =
      request.header('x-key-id') === undefined
        ? `There is no X-Key-Id, and no key \`${DEFAULT_KEY_ID}\``
        : 'X-Key-Id names no key';
    throw new AppError('unknown_key', `${which} of this server: send the id of a key in HMAC_SECRET or API_KEYS.`);
  }
  checkTimestamp(timestamp, options.clock.now());
  const nonce = checkNonce(request.header('x-nonce'));
  if (!isSignedByAny(secrets, signature, signedParts(request, timestamp, nonce))) {
    throw new AppError(
      'bad_signature',
      'X-Signature does not match. It is the lower-case hex of HMAC-SHA256 over timestamp, method, path with query ' +
        'and raw body, joined by line feeds, then the nonce if there is one.',
    );
  }
  // Only now: a stranger must not be able to use up the nonces of a caller.
  if (nonce !== null) await spendNonce(options, keyId, nonce);
  return { keyId };
}

function checkTimestamp(text: string, nowMs: number): void {
  const serverTime = { server_time_seconds: Math.floor(nowMs / 1000), server_time: new Date(nowMs).toISOString() };
  if (!/^\d{1,15}$/.test(text)) {
    throw new AppError('stale_timestamp', 'X-Timestamp must be whole unix seconds, digits only.', serverTime);
  }
  const offMs = Number(text) * 1000 - nowMs;
  if (Math.abs(offMs) <= TIMESTAMP_WINDOW_MS) return;
  const offSeconds = Math.round(Math.abs(offMs) / 1000);
  const allowed = `at most ${TIMESTAMP_WINDOW_MS / 1000} seconds are allowed`;
  const hint = text.length === 13 ? ' It looks like milliseconds; send seconds.' : '';
  throw new AppError(
    'stale_timestamp',
    `X-Timestamp is ${offSeconds} seconds ${offMs < 0 ? 'behind' : 'ahead of'} this server’s clock; ${allowed}.${hint}`,
    serverTime,
  );
}

function checkNonce(nonce: string | undefined): string | null {
  if (nonce === undefined) return null;
  if (/^[\x21-\x7e]{1,128}$/.test(nonce)) return nonce;
  throw new AppError('invalid_request', 'X-Nonce is not usable.', {
    issues: [{ path: 'X-Nonce', message: 'must be 1 to 128 printable ASCII characters without spaces' }],
  });
}

function signedParts(
  request: AccessRequest,
  timestamp: string,
  nonce: string | null,
): readonly (string | Uint8Array)[] {
  const head = `${timestamp}\n${request.method}\n${request.pathWithQuery}\n`;
  return nonce === null ? [head, request.rawBody] : [head, request.rawBody, `\n${nonce}`];
}

function isSignedByAny(
  secrets: readonly string[],
  signature: string,
  parts: readonly (string | Uint8Array)[],
): boolean {
  if (!/^[0-9a-fA-F]{64}$/.test(signature)) return false;
  const given = Buffer.from(signature, 'hex');
  const matches = secrets.map((secret) => {
    const hmac = createHmac('sha256', secret);
    for (const part of parts) hmac.update(part);
    return timingSafeEqual(hmac.digest(), given);
  });
  return matches.includes(true);
}

async function spendNonce({ store, clock }: AccessOptions, keyId: string, nonce: string): Promise<void> {
  // A timestamp may lie a window ahead, and then stays good for two.
  const isFresh = await store.useNonce(`${keyId}:${nonce}`, clock.now() + 2 * TIMESTAMP_WINDOW_MS);
  if (!isFresh) throw new AppError('reused_nonce', 'X-Nonce was used before. Make a new one for each request.');
}

function byBearer({ keys, allowBearer }: AccessOptions, authorization: string): Caller {
  if (!allowBearer) {
    throw new AppError('bearer_disabled', 'This server takes no Bearer tokens (ALLOW_BEARER=false). Sign the request.');
  }
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (token === undefined) {
    throw new AppError('missing_credentials', `Authorization must read “Bearer <secret>”. ${howTo(allowBearer)}`);
  }
  // Digests are equally long, so that the comparison tells nothing, not even a length.
  const given = sha256(token);
  const matches = keys.filter((key) => timingSafeEqual(sha256(key.secret), given));
  if (matches[0] === undefined) {
    throw new AppError('invalid_bearer_token', 'The Bearer token is not a live secret of this server.');
  }
  return { keyId: matches[0].id };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
