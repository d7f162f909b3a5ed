import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import type { Store } from '../store/store.ts';
import { DEFAULT_KEY_ID, type LiveApiKeys, secretsOf } from './api-keys.ts';

/** All of a request but its body, as it came: nothing of it was parsed. */
export type RequestHead = {
  readonly method: string;
  /** Path and query as they were sent, which is what routing used. */
  readonly target: string;
  header(name: string): string | undefined;
};

export type SignatureOptions = {
  readonly keys: LiveApiKeys;
  readonly store: Pick<Store, 'nonces'>;
  readonly clock: Clock;
};

/** A signed request whose head is in order. Whether the signature is right shows with the body, which it covers. */
export type SignedHead = {
  readonly keyId: string;
  readonly signature: string;
  readonly secrets: readonly string[];
  readonly nonce: string | null;
  /** Whether the request reads or deletes, and no more. */
  readonly addsNothing: boolean;
  /** The first six of the lines that are signed. */
  readonly lines: string;
};

/** How far the caller's clock may be off, either way. */
const TIMESTAMP_WINDOW_MS = 300_000;

/** Stands first in what is signed, so that a later form can never be taken for this one. */
const FORM = 'v2';

/** Refuses what is wrong with a signed request already without its body: headers, key id, timestamp, form of the nonce. */
export function judgeSignedHead({ keys, clock }: SignatureOptions, request: RequestHead): SignedHead {
  const signature = request.header('x-signature');
  const timestamp = request.header('x-timestamp');
  if (signature === undefined || timestamp === undefined) {
    const missing = signature === undefined ? 'X-Signature' : 'X-Timestamp';
    throw new AppError('missing_credentials', `A signed request needs both headers; ${missing} is missing.`);
  }
  const keyId = request.header('x-key-id') ?? DEFAULT_KEY_ID;
  const secrets = secretsOf(keys, keyId);
  if (secrets.length === 0) {
    const which =
      request.header('x-key-id') === undefined
        ? `There is no X-Key-Id, and no key \`${DEFAULT_KEY_ID}\``
        : 'X-Key-Id names no key';
    throw new AppError(
      'unknown_key',
      `${which} of this server: send the id of a key in HMAC_SECRET, API_KEYS or API_KEYS_FILE.`,
    );
  }
  checkTimestamp(timestamp, clock.now());
  const nonce = checkNonce(request.header('x-nonce'));
  if (!/^[0-9a-fA-F]{64}$/.test(signature)) throw badSignature();
  const { method, target } = request;
  const idempotencyKey = request.header('idempotency-key') ?? '';
  const lines = `${FORM}\n${timestamp}\n${nonce ?? ''}\n${method}\n${target}\n${idempotencyKey}\n`;
  return { keyId, signature, secrets, nonce, lines, addsNothing: method !== 'POST' };
}

/** The id of the key that the request is signed with (HMAC-SHA256; `docs/http.md` shows how). Refuses any other. */
export async function verifySignature(
  options: SignatureOptions,
  head: SignedHead,
  bodyDigest: string,
): Promise<string> {
  const secret = signingSecretOf(head, bodyDigest);
  if (secret === null) throw badSignature();
  // Only now: a stranger must not be able to use up the nonces of a caller.
  if (head.nonce !== null) await spendNonce(options, secret, head.nonce, head.addsNothing);
  return head.keyId;
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

/** Null where no live secret of the key made the signature. Every secret is tried, so that the time tells nothing. */
function signingSecretOf({ signature, secrets, lines }: SignedHead, bodyDigest: string): string | null {
  const given = Buffer.from(signature, 'hex');
  const signed = lines + bodyDigest;
  const matches = secrets.filter((secret) => timingSafeEqual(hmacOf(secret, signed), given));
  return matches[0] ?? null;
}

/** Header values and targets come as Latin-1, one character for each octet that was sent. */
function hmacOf(secret: string, octets: string): Buffer {
  return createHmac('sha256', secret).update(octets, 'latin1').digest();
}

async function spendNonce(
  { store, clock }: SignatureOptions,
  secret: string,
  nonce: string,
  addsNothing: boolean,
): Promise<void> {
  // By secret, for the key id is not signed: whoever replays a request might name another one of the same secret.
  const name = hmacOf(secret, `nonce\n${nonce}`).toString('base64url');
  // A timestamp may lie a window ahead, and then stays good for two.
  const isFresh = await store.nonces.use(name, clock.now() + 2 * TIMESTAMP_WINDOW_MS, { addsNothing });
  if (!isFresh) throw new AppError('reused_nonce', 'X-Nonce was used before. Make a new one for each request.');
}

function badSignature(): AppError {
  return new AppError(
    'bad_signature',
    'X-Signature does not match. It is the lower-case hex of HMAC-SHA256 over seven lines, joined by line feeds: ' +
      `${FORM}, X-Timestamp, X-Nonce (an empty line without one), the method, the path with its query as sent, ` +
      'Idempotency-Key (an empty line without one), and the SHA-256 of the raw body in lower-case hex.',
  );
}
