import { createHash, timingSafeEqual } from 'node:crypto';
import { AppError } from '../domain/app-error.ts';
import { type AccessRequest, type SignatureOptions, signingKeyOf } from './request-signature.ts';

export type Caller = { readonly keyId: string };

/** Says who calls, or refuses with an error that tells what to mend. */
export type Access = { authenticate(request: AccessRequest): Promise<Caller> };

export type AccessOptions = SignatureOptions & { readonly allowBearer: boolean };

const howTo = (allowBearer: boolean): string =>
  allowBearer
    ? 'Sign the request (X-Timestamp, X-Signature), or send Authorization: Bearer <secret>.'
    : 'Sign the request (X-Timestamp, X-Signature).';

/** Request signing by HMAC-SHA256, and Bearer for people with curl. `docs/http.md` shows how to sign. */
export function createAccess(options: AccessOptions): Access {
  return {
    async authenticate(request) {
      if (request.header('x-signature') !== undefined || request.header('x-timestamp') !== undefined) {
        return { keyId: await signingKeyOf(options, request) };
      }
      const authorization = request.header('authorization');
      if (authorization !== undefined) return byBearer(options, authorization);
      throw new AppError('missing_credentials', `This request has no credentials. ${howTo(options.allowBearer)}`);
    },
  };
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
