/** Signs with the secret of an API key: HMAC-SHA256 by WebCrypto, which Node, Deno and edge runtimes share. */
export type Signer = { sign(text: string): Promise<Uint8Array> };

export function createSigner(secret: string): Signer {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const utf8 = new TextEncoder();
  let key: ReturnType<typeof crypto.subtle.importKey> | null = null;
  return {
    async sign(text) {
      key ??= crypto.subtle.importKey('raw', utf8.encode(secret), algorithm, false, ['sign']);
      return new Uint8Array(await crypto.subtle.sign('HMAC', await key, utf8.encode(text)));
    },
  };
}

/** Lower-case hex, as a request's signature is written. */
function hexOf(octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join('');
}

/** RFC 4648 section 5, without padding. */
export function base64UrlOf(octets: Uint8Array): string {
  const binary = Array.from(octets, (octet) => String.fromCharCode(octet)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

export type Signed = {
  readonly keyId: string | null;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly idempotencyKey: string | null;
  readonly body: string;
};

/**
 * The headers that sign a request, as `docs/http.md` describes: now, over the very text that is sent, and with a nonce
 * of its own, so that nobody who saw the request can make it again.
 */
export async function signedHeaders(signer: Signer, request: Signed): Promise<Record<string, string>> {
  const { keyId, method, path, idempotencyKey, body } = request;
  const timestamp = String(Math.floor(Date.now() / 1000));
  const nonce = crypto.randomUUID();
  const bodyDigest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(body)));
  const lines = ['v2', timestamp, nonce, method, path, idempotencyKey ?? '', hexOf(bodyDigest)];
  return {
    'X-Timestamp': timestamp,
    'X-Nonce': nonce,
    'X-Signature': hexOf(await signer.sign(lines.join('\n'))),
    ...(keyId === null ? {} : { 'X-Key-Id': keyId }),
    ...(idempotencyKey === null ? {} : { 'Idempotency-Key': idempotencyKey }),
  };
}
