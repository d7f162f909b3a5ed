/** Every way Bellhop refuses a caller. `docs/errors.md` explains each; `http/kit/problem.ts` gives each its HTTP status. */
export type AppErrorCode =
  | 'malformed_request'
  | 'headers_too_large'
  | 'request_timeout'
  | 'invalid_request'
  | 'malformed_json'
  | 'unsupported_media_type'
  | 'body_too_large'
  | 'body_timeout'
  | 'unexpected_body'
  | 'payload_too_large'
  | 'invalid_cursor'
  | 'missing_credentials'
  | 'unknown_key'
  | 'bad_signature'
  | 'stale_timestamp'
  | 'reused_nonce'
  | 'invalid_bearer_token'
  | 'bearer_disabled'
  | 'invalid_subscriber_token'
  | 'expired_subscriber_token'
  | 'subscriber_token_not_enough'
  | 'insufficient_scope'
  | 'not_same_origin'
  | 'sign_in_refused'
  | 'viewer_changes_nothing'
  | 'too_many_requests'
  | 'invalid_endpoint'
  | 'endpoint_not_allowed'
  | 'invalid_subscription_keys'
  | 'endpoint_taken'
  | 'unknown_vapid_key'
  | 'idempotency_key_reused'
  | 'subscription_not_found'
  | 'notification_not_found'
  | 'delivery_not_found'
  | 'user_not_found'
  | 'type_rule_not_found'
  | 'segment_not_found'
  | 'schedule_not_found'
  | 'invalid_schedule'
  | 'invalid_audience'
  | 'invalid_send_at'
  | 'notification_completed'
  | 'notification_cancelled'
  | 'template_not_found'
  | 'template_in_use'
  | 'unknown_template'
  | 'invalid_template'
  | 'invalid_variables'
  | 'invalid_experiment'
  | 'experiment_key_used'
  | 'experiment_not_found'
  | 'route_not_found'
  | 'method_not_allowed'
  | 'delivery_not_replayable'
  | 'deadline_passed'
  | 'subscription_inactive'
  | 'prune_hold_not_found'
  | 'prune_hold_decided'
  | 'bulk_action_not_found'
  | 'bulk_action_ended'
  | 'erasure_not_found'
  | 'erasure_key_unknown'
  | 'webhook_endpoint_not_found'
  | 'webhook_delivery_not_found'
  | 'too_many_webhook_endpoints'
  | 'invalid_webhook_url'
  | 'vapid_key_set_elsewhere'
  | 'backup_unavailable'
  | 'backup_under_way'
  | 'store_unavailable'
  | 'overloaded'
  | 'shutting_down'
  | 'internal_error';

/** Facts a client may show or act on. Never an endpoint, key, secret or payload. */
export type AppErrorDetails = Readonly<Record<string, unknown>>;

/** A refusal with a code from the closed set, a sentence that says what to do, and facts for machines. */
export class AppError extends Error {
  readonly code: AppErrorCode;
  readonly details: AppErrorDetails;

  constructor(code: AppErrorCode, message: string, details: AppErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'AppError';
    this.code = code;
    this.details = details;
  }
}
