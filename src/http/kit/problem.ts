import { z } from '@hono/zod-openapi';
import { AppError, type AppErrorCode } from '../../domain/app-error.ts';
import { ANSWER_HEADERS } from './answer-headers.ts';
import { answerBody, answerWord } from './answer-schema.ts';
import type { ApiContext } from './request-context.ts';

type ProblemKind = {
  readonly status: ProblemStatus;
  readonly title: string;
  readonly headers?: Record<string, string>;
};
type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 408 | 409 | 413 | 415 | 429 | 431 | 500 | 503;

/** RFC 9110 section 11.6.1: a 401 names a scheme that would do. */
const CHALLENGE = { 'WWW-Authenticate': 'Bearer realm="bellhop"' };
/** RFC 6750 section 3.1. */
const INVALID_TOKEN = { 'WWW-Authenticate': 'Bearer realm="bellhop", error="invalid_token"' };
const INSUFFICIENT_SCOPE = { 'WWW-Authenticate': 'Bearer realm="bellhop", error="insufficient_scope"' };
const RETRY_SOON = { 'Retry-After': '5' };

/** The one place where a code meets an HTTP status. `docs/errors.md` tells what to do about each. */
export const PROBLEMS = {
  malformed_request: { status: 400, title: 'This is no HTTP request' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  request_timeout: { status: 408, title: 'The request came too slowly' },
  invalid_request: { status: 400, title: 'The request is not valid' },
  malformed_json: { status: 400, title: 'The body is not JSON' },
  unsupported_media_type: { status: 415, title: 'The body is not declared as JSON' },
  body_too_large: { status: 413, title: 'The body is too large' },
  body_timeout: { status: 408, title: 'The body came too slowly' },
  unexpected_body: { status: 400, title: 'The route takes no body' },
  payload_too_large: { status: 413, title: 'The payload is too large for push services' },
  invalid_cursor: { status: 400, title: 'The cursor is not valid' },
  missing_credentials: { status: 401, title: 'Credentials are missing', headers: CHALLENGE },
  unknown_key: { status: 401, title: 'The key id is unknown', headers: CHALLENGE },
  bad_signature: { status: 401, title: 'The signature does not match', headers: CHALLENGE },
  stale_timestamp: { status: 401, title: 'The timestamp is too far off', headers: CHALLENGE },
  reused_nonce: { status: 401, title: 'The nonce was used before', headers: CHALLENGE },
  invalid_bearer_token: { status: 401, title: 'The Bearer token is not valid', headers: CHALLENGE },
  bearer_disabled: { status: 401, title: 'Bearer tokens are switched off', headers: CHALLENGE },
  invalid_subscriber_token: { status: 401, title: 'The subscriber token is not valid', headers: INVALID_TOKEN },
  expired_subscriber_token: { status: 401, title: 'The subscriber token has ended', headers: INVALID_TOKEN },
  subscriber_token_not_enough: {
    status: 403,
    title: 'A subscriber token is not enough',
    headers: INSUFFICIENT_SCOPE,
  },
  insufficient_scope: { status: 403, title: 'The API key may not do this', headers: INSUFFICIENT_SCOPE },
  not_same_origin: { status: 403, title: 'The request comes from another origin' },
  sign_in_refused: { status: 403, title: 'The sign-in is refused' },
  viewer_changes_nothing: { status: 403, title: 'A viewer changes nothing' },
  too_many_requests: { status: 429, title: 'Too many requests', headers: RETRY_SOON },
  invalid_endpoint: { status: 400, title: 'The endpoint is not valid' },
  endpoint_not_allowed: { status: 400, title: 'The endpoint’s host is not allowed' },
  invalid_subscription_keys: { status: 400, title: 'The subscription’s keys are not usable' },
  endpoint_taken: { status: 409, title: 'The endpoint belongs to another user' },
  unknown_vapid_key: { status: 400, title: 'The VAPID key is not one of this server’s' },
  idempotency_key_reused: { status: 409, title: 'The idempotency key was used for another request' },
  subscription_not_found: { status: 404, title: 'No such subscription' },
  notification_not_found: { status: 404, title: 'No such notification' },
  delivery_not_found: { status: 404, title: 'No such delivery' },
  user_not_found: { status: 404, title: 'Nothing is said of this user' },
  type_rule_not_found: { status: 404, title: 'Nothing is said of this pattern of types' },
  segment_not_found: { status: 404, title: 'No such segment' },
  schedule_not_found: { status: 404, title: 'There is no such schedule' },
  invalid_schedule: { status: 400, title: 'The schedule has no times' },
  invalid_audience: { status: 400, title: 'The audience cannot be understood' },
  invalid_send_at: { status: 400, title: 'Nothing can be sent at this time' },
  notification_completed: { status: 409, title: 'The notification is completed' },
  notification_cancelled: { status: 409, title: 'The notification was cancelled' },
  template_not_found: { status: 404, title: 'No such template' },
  template_in_use: { status: 409, title: 'Schedules name the template' },
  unknown_template: { status: 400, title: 'The notification names a template that there is not' },
  invalid_template: { status: 400, title: 'The text cannot be used' },
  invalid_experiment: { status: 400, title: 'The experiment cannot be made so' },
  experiment_key_used: { status: 409, title: 'The key is that of another experiment' },
  experiment_not_found: { status: 404, title: 'There is no such experiment' },
  invalid_variables: { status: 400, title: 'The text cannot be made with these variables' },
  route_not_found: { status: 404, title: 'No such route' },
  method_not_allowed: { status: 405, title: 'The route does not take this method' },
  delivery_not_replayable: { status: 409, title: 'The delivery cannot be sent again' },
  deadline_passed: { status: 409, title: 'The deadline has passed' },
  subscription_inactive: { status: 409, title: 'The subscription is not active' },
  prune_hold_not_found: { status: 404, title: 'No such hold on pruning' },
  prune_hold_decided: { status: 409, title: 'The hold was decided otherwise' },
  bulk_action_not_found: { status: 404, title: 'No such bulk action' },
  erasure_not_found: { status: 404, title: 'No such erasure' },
  erasure_key_unknown: { status: 409, title: 'The list of erasures is of another installation' },
  bulk_action_ended: { status: 409, title: 'The bulk action has ended' },
  webhook_endpoint_not_found: { status: 404, title: 'No such webhook endpoint' },
  webhook_delivery_not_found: { status: 404, title: 'No such webhook delivery' },
  too_many_webhook_endpoints: { status: 409, title: 'There are too many webhook endpoints' },
  invalid_webhook_url: { status: 400, title: 'Events cannot be sent to this URL' },
  vapid_key_set_elsewhere: { status: 409, title: 'The VAPID key is set where the processes are started' },
  backup_unavailable: { status: 409, title: 'No backup can be made here' },
  backup_under_way: { status: 409, title: 'A backup is being made', headers: RETRY_SOON },
  store_unavailable: { status: 503, title: 'The store is out of reach', headers: RETRY_SOON },
  overloaded: { status: 503, title: 'Too much is being sent at once', headers: RETRY_SOON },
  shutting_down: {
    status: 503,
    title: 'The server is shutting down',
    headers: { ...RETRY_SOON, Connection: 'close' },
  },
  internal_error: { status: 500, title: 'Something went wrong on our side' },
} as const satisfies Record<AppErrorCode, ProblemKind>;

export const ERROR_CODES = Object.keys(PROBLEMS) as [AppErrorCode, ...AppErrorCode[]];

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** RFC 9457, with the facts of the error as extra members. */
export const problemSchema = z
  .looseObject({
    type: z.string().openapi({ example: 'urn:bellhop:error:invalid_request' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().openapi({ description: 'What is wrong here, and what to do about it.' }),
    code: answerWord('ErrorCode', ERROR_CODES, 'Stable, and what programs go by; `docs/errors.md` has each.'),
    request_id: z.string(),
    issues: z
      .array(answerBody('Issue', { path: z.string(), message: z.string() }))
      .optional()
      .openapi({ description: 'With invalid_request: every problem found, 20 at most.' }),
  })
  .openapi({ description: 'RFC 9457 problem details. Other members depend on the code; see docs/errors.md.' });

/** Called with the errors that an operator should know: defects, with their cause, and a store that is out of reach. */
export type LogError = (error: AppError, requestId: string) => void;

/** Turns anything thrown into a problem. An error that is no AppError goes to `logError` alone, never to the client. */
export function answerProblem(logError: LogError) {
  return (thrown: unknown, c: ApiContext): Response => {
    const error = asAppError(thrown);
    if (isForOperators(error)) logError(error, c.get('requestId'));
    return problemResponse(error, c);
  };
}

/** Whatever was thrown, as what a caller may be told. */
export function asAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError('internal_error', 'An unexpected error. The log has more under this request id.', {}, thrown);
}

/** Whether the caller is not the one who can mend it. */
export function isForOperators({ code }: AppError): boolean {
  return code === 'internal_error' || code === 'store_unavailable';
}

function problemResponse(error: AppError, c: ApiContext): Response {
  c.set('code', error.code);
  const { status, headers, body } = problemOf(error, c.get('requestId'));
  return c.body(JSON.stringify(body), status, headers);
}

/** A refusal as it goes over the wire. */
export function problemOf(error: AppError, requestId: string) {
  const { status, title, headers }: ProblemKind = PROBLEMS[error.code];
  const body = {
    ...error.details,
    type: `urn:bellhop:error:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    request_id: requestId,
  };
  return {
    status,
    headers: { ...ANSWER_HEADERS, ...headers, ...retryAfter(error), 'Content-Type': PROBLEM_MEDIA_TYPE },
    body,
  };
}

/** The wait is known better here than by the code alone. */
function retryAfter({ details: { retry_after_seconds: seconds } }: AppError): Record<string, string> {
  return typeof seconds === 'number' ? { 'Retry-After': String(seconds) } : {};
}
