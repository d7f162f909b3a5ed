import { type PushService, pushServiceOf } from '../push-service/push-service.ts';
import { type AllowedHost, type EndpointJudgement, judgeEndpoint } from './endpoint-policy.ts';

const REMEDY = 'Send what PushSubscription.toJSON() gives, unchanged.';

/** What a push service's own endpoints look like after the host, and in words. */
type Form = { readonly pattern: RegExp; readonly words: string };

const SEGMENTS: Form = {
  pattern: /^(?:\/[A-Za-z0-9_.~:=+-]+)+$/,
  words: 'endpoints of this push service have no query, no percent-encoding and no empty part in their path',
};

/** WNS asks for base64 in its query, and writes `+`, `/` and `=` of it as `%2b`, `%2f` and `%3d`. */
const TOKEN: Form = {
  pattern: /^\/(?:w\/)?\?token=(?:[A-Za-z0-9_.~-]|%2[bBfF]|%3[dD])+$/,
  words: 'endpoints of this push service end with “?token=” and one percent-encoded token',
};

/** More would only be read as the same: an unknown query, another encoding of the token, an extra slash. */
const FORMS: Readonly<Record<PushService, Form | null>> = {
  fcm: SEGMENTS,
  mozilla: SEGMENTS,
  apple: SEGMENTS,
  wns: TOKEN,
  other: null,
};

/** RFC 3986 section 2.3: a character that means the same whether it is percent-encoded or not. */
const ENCODED_UNRESERVED = /%(?:2[de]|3\d|[46][1-9a-f]|[57][0-9a]|5f|7e)/i;

/**
 * As `judgeEndpoint`, for an endpoint that is registered now: it must also be written as its push service writes it. Else
 * one endpoint could be registered under any number of spellings, each a row of its own. A host that PUSH_ALLOWED_HOSTS
 * names may have any path and query, but no spelling that RFC 3986 section 6.2 calls equivalent to a shorter one.
 */
export function judgeNewEndpoint(endpoint: string, extraHosts: readonly AllowedHost[]): EndpointJudgement {
  const judgement = judgeEndpoint(endpoint, extraHosts);
  if (judgement.kind !== 'allowed') return judgement;
  const { url, named } = judgement;
  const problem = spellingProblem(endpoint, url) ?? (named ? null : formProblem(url));
  return problem === null
    ? judgement
    : { kind: 'invalid', message: `The endpoint is not as it was given out: ${problem}. ${REMEDY}` };
}

/**
 * The text that stands for the endpoint: equal for two endpoints that a push service takes for one. Some services write
 * their percent-encoding in capitals and some do not, and RFC 3986 section 6.2.2.1 calls both the same.
 */
export function endpointIdentity(endpoint: string): string {
  return endpoint.replaceAll(/%[0-9A-Fa-f]{2}/g, (octet) => octet.toLowerCase());
}

function spellingProblem(endpoint: string, url: URL): string | null {
  if (url.href !== endpoint) {
    return 'a URL parser writes it otherwise, such as its host in lower case, without the port 443, or without /./';
  }
  if (/%(?![0-9A-Fa-f]{2})/.test(endpoint)) return 'it has a % without two hexadecimal digits';
  if (ENCODED_UNRESERVED.test(endpoint)) return 'it has a letter, a digit or one of - . _ ~ percent-encoded';
  return endpoint.endsWith('?') ? 'it ends with a ? that begins no query' : null;
}

function formProblem({ hostname, pathname, search }: URL): string | null {
  const form = FORMS[pushServiceOf(hostname)];
  return form === null || form.pattern.test(pathname + search) ? null : form.words;
}
