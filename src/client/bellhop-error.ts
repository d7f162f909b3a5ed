/** What Bellhop itself answers; `docs/errors.md` explains each. */
export type ServerErrorCode =
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

/**
 * What keeps an answer from coming: `connection_failed`, no connection, or one that broke; `timeout`, no answer in time;
 * `unexpected_answer`, one that is not Bellhop's, for example from a proxy on the way.
 */
export type ClientErrorCode = 'connection_failed' | 'timeout' | 'unexpected_answer';

/** A newer server may know codes that this client does not. */
export type BellhopErrorCode = ServerErrorCode | ClientErrorCode | (string & {});

export type BellhopErrorOptions = {
  readonly code: BellhopErrorCode;
  readonly status?: number | null;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly requestId: string;
  readonly retryAfterSeconds?: number | null;
  readonly cause?: unknown;
};

/** Why a call failed, once no retry is left that could mend it. Holds no secret. */
export class BellhopError extends Error {
  readonly code: BellhopErrorCode;
  /** HTTP status; null where no answer came. */
  readonly status: number | null;
  /** What else the answer says, such as `issues` of an `invalid_request`. */
  readonly details: Readonly<Record<string, unknown>>;
  /** The server's log has it, if the request came that far. */
  readonly requestId: string;
  /** When the server asks to come back, in seconds from then; null where it does not say. */
  readonly retryAfterSeconds: number | null;

  constructor(message: string, options: BellhopErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'BellhopError';
    this.code = options.code;
    this.status = options.status ?? null;
    this.details = options.details ?? {};
    this.requestId = options.requestId;
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }
}
