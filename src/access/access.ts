import { createHash, timingSafeEqual } from 'node:crypto';
import { AppError } from '../domain/app-error.ts';
import { type ApiKey, type Scope, scopesOf } from './api-keys.ts';
import {
  judgeSignedHead,
  type RequestHead,
  type SignatureOptions,
  type SignedHead,
  verifySignature,
} from './request-signature.ts';
import { looksLikeToken, verifySubscriberToken } from './subscriber-tokens.ts';

/** A back end that holds an API key, or a page that acts for one user. */
export type Caller =
  | { readonly kind: 'key'; readonly keyId: string; readonly scopes: readonly Scope[] }
  | { readonly kind: 'subscriber'; readonly keyId: string; readonly userId: string };

/** What the head of a request came to: who calls, or a signature that the body must bear out. */
export type Judged = Caller | { readonly kind: 'signed'; readonly head: SignedHead };

/** What is called: the API, or the metrics, which may have a token of their own beside the API keys. */
type Realm = 'api' | 'metrics';

/** Says who calls, or refuses with an error that tells what to mend: first without the body, so that nobody's is read. */
export type Access = {
  judgeHead(request: RequestHead, realm: Realm): Judged;
  /** The digest is the SHA-256 of all octets of the body, in lower-case hex. */
  verifyBody(head: SignedHead, bodyDigest: string): Promise<Caller>;
};

export type AccessOptions = SignatureOptions & {
  readonly allowBearer: boolean;
  /** Opens the metrics and nothing else. Null: only API keys do. */
  readonly metricsToken: string | null;
};

const howTo = (allowBearer: boolean): string =>
  allowBearer
    ? 'Sign the request (X-Timestamp, X-Signature), or send Authorization: Bearer <secret>.'
    : 'Sign the request (X-Timestamp, X-Signature).';

/** Request signing by HMAC-SHA256, Bearer for people with curl, subscriber tokens for pages: see `docs/http.md`. */
export function createAccess(options: AccessOptions): Access {
  return {
    judgeHead(request, realm) {
      if (request.header('x-signature') !== undefined || request.header('x-timestamp') !== undefined) {
        return { kind: 'signed', head: judgeSignedHead(options, request) };
      }
      const authorization = request.header('authorization');
      if (realm === 'metrics' && options.metricsToken !== null) {
        return ofScraper(options, options.metricsToken, authorization);
      }
      if (authorization !== undefined) return byBearer(options, authorization);
      throw new AppError('missing_credentials', `This request has no credentials. ${howTo(options.allowBearer)}`);
    },
    async verifyBody(head, bodyDigest) {
      const keyId = await verifySignature(options, head, bodyDigest);
      return { kind: 'key', keyId, scopes: scopesOf(options.keys, keyId) };
    },
  };
}

/** One that may read the metrics: by their token, or by an API key. */
function ofScraper(options: AccessOptions, metricsToken: string, authorization: string | undefined): Caller {
  const token = bearerIn(authorization ?? '');
  if (token !== undefined && isSame(token, metricsToken)) {
    return { kind: 'key', keyId: 'metrics-token', scopes: ['read'] };
  }
  const key = options.allowBearer && token !== undefined ? keyOfSecret(options, token) : null;
  if (key !== null) return { kind: 'key', keyId: key.id, scopes: key.scopes };
  const howTo = 'Send Authorization: Bearer <the METRICS_TOKEN of this server>, or an API key with the scope read.';
  if (token === undefined) throw new AppError('missing_credentials', `This request has no Bearer token. ${howTo}`);
  throw new AppError('invalid_bearer_token', `The Bearer token is not the one for metrics. ${howTo}`);
}

function byBearer(options: AccessOptions, authorization: string): Caller {
  const { allowBearer } = options;
  const token = bearerIn(authorization);
  const key = allowBearer && token !== undefined ? keyOfSecret(options, token) : null;
  if (key !== null) return { kind: 'key', keyId: key.id, scopes: key.scopes };
  if (token !== undefined && looksLikeToken(token)) {
    return { kind: 'subscriber', ...verifySubscriberToken(options, token) };
  }
  if (!allowBearer) {
    throw new AppError(
      'bearer_disabled',
      'This server takes no secrets as Bearer tokens (ALLOW_BEARER=false). Sign the request.',
    );
  }
  if (token === undefined) {
    throw new AppError('missing_credentials', `Authorization must read “Bearer <secret>”. ${howTo(allowBearer)}`);
  }
  throw new AppError('invalid_bearer_token', 'The Bearer token is not a live secret of this server.');
}

function bearerIn(authorization: string): string | undefined {
  return /^Bearer[ \t]+(\S+)$/i.exec(authorization)?.[1];
}

function keyOfSecret({ keys }: AccessOptions, given: string): ApiKey | null {
  const matches = keys().filter((key) => isSame(given, key.secret));
  return matches[0] ?? null;
}

/** Digests are equally long, so that the comparison tells nothing, not even a length. */
function isSame(given: string, secret: string): boolean {
  return timingSafeEqual(sha256(given), sha256(secret));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
