import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import type { Store } from '../store/store.ts';
import { type ApiKey, DEFAULT_KEY_ID, secretsOf } from './api-keys.ts';

/** A request as it came, before anything of it was parsed. */
export type AccessRequest = {
  readonly method: string;
  readonly pathWithQuery: string;
  readonly rawBody: Uint8Array;
  header(name: string): string | undefined;
};

export type SignatureOptions = {
  readonly keys: readonly ApiKey[];
  readonly store: Pick<Store, 'useNonce'>;
  readonly clock: Clock;
};

/** How far the caller's clock may be off, either way. */
export const TIMESTAMP_WINDOW_MS = 300_000;

/** The id of the key that the request is signed with (HMAC-SHA256; `docs/http.md` shows how). Refuses any other. */
export async function signingKeyOf(options: SignatureOptions, request: AccessRequest): Promise<string> {
  const signature = request.header('x-signature');
  const timestamp = request.header('x-timestamp');
  if (signature === undefined || timestamp === undefined) {
    const missing = signature === undefined ? 'X-Signature' : 'X-Timestamp';
    throw new AppError('missing_credentials', `A signed request needs both headers; ${missing} is missing.`);
  }
  const keyId = request.header('x-key-id') ?? DEFAULT_KEY_ID;
  const secrets = secretsOf(options.keys, keyId);
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
  return keyId;
}

function checkTimestamp(text: string, nowMs: number): void {
  const offMs = /^\d{1,15}$/.test(text) ? Number(text) * 1000 - nowMs : null;
  if (offMs !== null && Math.abs(offMs) <= TIMESTAMP_WINDOW_MS) return;
  const serverTime = { server_time_seconds: Math.floor(nowMs / 1000), server_time: new Date(nowMs).toISOString() };
  if (offMs === null) {
    throw new AppError('stale_timestamp', 'X-Timestamp must be whole unix seconds, digits only.', serverTime);
  }
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

async function spendNonce({ store, clock }: SignatureOptions, keyId: string, nonce: string): Promise<void> {
  // A timestamp may lie a window ahead, and then stays good for two.
  const isFresh = await store.useNonce(`${keyId}:${nonce}`, clock.now() + 2 * TIMESTAMP_WINDOW_MS);
  if (!isFresh) throw new AppError('reused_nonce', 'X-Nonce was used before. Make a new one for each request.');
}
