import { base64UrlOf, type Signer } from './signing.ts';

export type SubscriberToken = {
  /** What the page sends as `Authorization: Bearer <token>`. */
  readonly token: string;
  readonly user_id: string;
  readonly expires_at: string;
};

const DEFAULT_SECONDS = 3600;

/**
 * Makes a token for a page of this user. Without a call to the service: a page that loads needs one, and should not wait
 * for, or fail with, anything else. Rejects with RangeError what the service would refuse.
 */
export async function mintSubscriberToken(
  signer: Signer,
  {
    keyId,
    userId,
    ttlSeconds = DEFAULT_SECONDS,
  }: { keyId: string | null; userId: string; ttlSeconds?: number | undefined },
): Promise<SubscriberToken> {
  if (typeof userId !== 'string' || userId === '' || userId.length > 128 || /[\p{Cc}\p{Cs}]/u.test(userId)) {
    throw new RangeError(
      'userId must be a string of 1 to 128 characters, none of them a control character or half a surrogate pair',
    );
  }
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 60 || ttlSeconds > 86_400) {
    throw new RangeError('ttlSeconds must be a whole number from 60 to 86400');
  }
  const iat = Math.floor(Date.now() / 1000);
  const exp = iat + ttlSeconds;
  const header = { alg: 'HS256', typ: 'JWT', ...(keyId === null ? {} : { kid: keyId }) };
  const signed = `${encode(header)}.${encode({ sub: userId, aud: 'bellhop', iat, exp })}`;
  const token = `${signed}.${base64UrlOf(await signer.sign(signed))}`;
  return { token, user_id: userId, expires_at: new Date(exp * 1000).toISOString() };
}

function encode(part: object): string {
  return base64UrlOf(new TextEncoder().encode(JSON.stringify(part)));
}
