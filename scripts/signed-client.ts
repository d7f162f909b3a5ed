import { createHash, createHmac } from 'node:crypto';

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: Record<string, unknown> };

export type CallOptions = { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> };

/** Calls the API as a back end does: each request signed with HMAC-SHA256, as `docs/http.md` describes. */
export function signedClient(address: string, secret: string) {
  return async (method: string, path: string, { body, headers = {} }: CallOptions = {}): Promise<Answer> => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const response = await fetch(`${address}${path}`, {
      method,
      headers: {
        ...signedHeaders(secret, method, path, text, headers['Idempotency-Key']),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: text }),
    });
    const answer = await response.text();
    return { status: response.status, headers: response.headers, body: answer === '' ? {} : JSON.parse(answer) };
  };
}

/** The two headers that sign a request, now. Without a nonce: what scripts send may well be sent again. */
export function signedHeaders(
  secret: string,
  method: string,
  path: string,
  text: string,
  idempotencyKey = '',
): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const bodyDigest = createHash('sha256').update(text).digest('hex');
  const signed = ['v2', timestamp, '', method, path, idempotencyKey, bodyDigest].join('\n');
  return { 'X-Timestamp': timestamp, 'X-Signature': createHmac('sha256', secret).update(signed).digest('hex') };
}

export type SignedClient = ReturnType<typeof signedClient>;
