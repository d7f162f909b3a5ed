import type { Collection, Db } from 'mongodb';
import { AUDIT_INDEXES, AUDIT_QUERIES, type AuditDocument } from './audit-queries.ts';
import { BULK_ACTION_INDEXES, BULK_ACTION_QUERIES, type BulkActionDocument } from './bulk-action-queries.ts';
import { CAP_INDEXES, CAP_QUERIES, type CapDocument } from './cap-queries.ts';
import type { DeliveryDocument } from './delivery-document.ts';
import { DELIVERY_INDEXES, DELIVERY_QUERIES } from './delivery-queries.ts';
import { ERASURE_INDEXES, ERASURE_QUERIES, type ErasureDocument } from './erasure-queries.ts';
import { EVENT_INDEXES, EVENT_QUERIES, type EventDocument, OUTBOX_INDEX } from './event-queries.ts';
import {
  DELIVERY_TO_COUNT_INDEX,
  EXPERIMENT_INDEXES,
  EXPERIMENT_MARK_INDEXES,
  EXPERIMENT_QUERIES,
  type ExperimentDocument,
  type ExperimentMarkDocument,
} from './experiment-queries.ts';
import type { MarkCountDocument } from './mark-documents.ts';
import type { StoreIndex } from './named-query.ts';
import type { NotificationDocument } from './notification-document.ts';
import { NOTIFICATION_INDEXES, NOTIFICATION_QUERIES } from './notification-queries.ts';
import { OPERATOR_QUERIES, type OperatorSessionDocument, type SignInLinkDocument } from './operator-queries.ts';
import { PRUNE_HOLD_INDEXES, PRUNE_HOLD_QUERIES, type PruneHoldDocument } from './prune-hold-queries.ts';
import { RECEIPT_COUNT_INDEXES, RECEIPT_INDEXES, RECEIPT_QUERIES, type ReceiptDocument } from './receipt-queries.ts';
import {
  RECIPIENT_VALUE_INDEXES,
  RECIPIENT_VALUE_QUERIES,
  type RecipientValueDocument,
} from './recipient-value-queries.ts';
import type { SegmentDocument, TypeRuleDocument } from './rule-documents.ts';
import {
  OCCURRENCE_INDEXES,
  type OccurrenceDocument,
  SCHEDULE_INDEXES,
  SCHEDULE_QUERIES,
  type ScheduleDocument,
} from './schedule-queries.ts';
import {
  type IdempotencyKeyDocument,
  type NonceDocument,
  SHORT_LIVED_INDEXES,
  SHORT_LIVED_QUERIES,
} from './short-lived-queries.ts';
import type { SubscriptionDocument } from './subscription-document.ts';
import { SUBSCRIPTION_INDEXES, SUBSCRIPTION_QUERIES } from './subscription-queries.ts';
import { SUPPRESSION_INDEXES, SUPPRESSION_QUERIES, type SuppressionDocument } from './suppression-queries.ts';
import { ROLLUP_INDEXES, type RollupDocument, TALLY_QUERIES, type TallyDocument } from './tally-queries.ts';
import { TEMPLATE_INDEXES, TEMPLATE_QUERIES, type TemplateDocument } from './template-queries.ts';
import { USER_INDEXES, USER_QUERIES, type UserDocument } from './user-queries.ts';
import {
  WEBHOOK_DELIVERY_INDEXES,
  WEBHOOK_QUERIES,
  type WebhookDeliveryDocument,
  type WebhookEndpointDocument,
} from './webhook-queries.ts';

/** About the database itself: its layout, its sole process, the latest ping; and facts about the installation. */
export type MetaDocument = {
  readonly _id: 'layout' | 'sole_process' | 'ping' | `fact ${string}`;
  readonly version?: number;
  readonly holder?: string;
  readonly beat?: number;
  readonly atMs?: number;
  readonly value?: string;
};

export type Collections = {
  readonly subscriptions: Collection<SubscriptionDocument>;
  readonly notifications: Collection<NotificationDocument>;
  readonly deliveries: Collection<DeliveryDocument>;
  readonly users: Collection<UserDocument>;
  readonly type_rules: Collection<TypeRuleDocument>;
  readonly segments: Collection<SegmentDocument>;
  readonly templates: Collection<TemplateDocument>;
  readonly recipient_values: Collection<RecipientValueDocument>;
  readonly suppressions: Collection<SuppressionDocument>;
  readonly cap_uses: Collection<CapDocument>;
  readonly receipts: Collection<ReceiptDocument>;
  readonly receipt_counts: Collection<MarkCountDocument>;
  readonly experiments: Collection<ExperimentDocument>;
  readonly experiment_marks: Collection<ExperimentMarkDocument>;
  readonly experiment_counts: Collection<MarkCountDocument>;
  readonly schedules: Collection<ScheduleDocument>;
  readonly occurrences: Collection<OccurrenceDocument>;
  readonly prune_holds: Collection<PruneHoldDocument>;
  readonly bulk_actions: Collection<BulkActionDocument>;
  readonly erasures: Collection<ErasureDocument>;
  readonly idempotency_keys: Collection<IdempotencyKeyDocument>;
  readonly nonces: Collection<NonceDocument>;
  readonly audit: Collection<AuditDocument>;
  readonly events: Collection<EventDocument>;
  readonly webhook_endpoints: Collection<WebhookEndpointDocument>;
  readonly webhook_deliveries: Collection<WebhookDeliveryDocument>;
  readonly sign_in_links: Collection<SignInLinkDocument>;
  readonly operator_sessions: Collection<OperatorSessionDocument>;
  readonly tallies: Collection<TallyDocument>;
  readonly rollups: Collection<RollupDocument>;
  readonly meta: Collection<MetaDocument>;
};

/** The indexes of each collection, beside the one on `_id`. */
export const INDEXES: Readonly<
  Record<
    Exclude<keyof Collections, 'meta' | 'type_rules' | 'segments' | 'tallies' | 'experiment_counts'>,
    readonly StoreIndex[]
  >
> = {
  subscriptions: [...SUBSCRIPTION_INDEXES, OUTBOX_INDEX],
  notifications: [...NOTIFICATION_INDEXES, OUTBOX_INDEX],
  deliveries: [...DELIVERY_INDEXES, OUTBOX_INDEX, DELIVERY_TO_COUNT_INDEX],
  users: USER_INDEXES,
  templates: TEMPLATE_INDEXES,
  recipient_values: RECIPIENT_VALUE_INDEXES,
  suppressions: SUPPRESSION_INDEXES,
  cap_uses: CAP_INDEXES,
  receipts: [...RECEIPT_INDEXES, OUTBOX_INDEX],
  receipt_counts: RECEIPT_COUNT_INDEXES,
  experiments: EXPERIMENT_INDEXES,
  experiment_marks: EXPERIMENT_MARK_INDEXES,
  schedules: [...SCHEDULE_INDEXES, OUTBOX_INDEX],
  occurrences: OCCURRENCE_INDEXES,
  prune_holds: [...PRUNE_HOLD_INDEXES, OUTBOX_INDEX],
  bulk_actions: BULK_ACTION_INDEXES,
  erasures: ERASURE_INDEXES,
  rollups: ROLLUP_INDEXES,
  idempotency_keys: SHORT_LIVED_INDEXES,
  nonces: SHORT_LIVED_INDEXES,
  audit: AUDIT_INDEXES,
  events: EVENT_INDEXES,
  webhook_endpoints: [OUTBOX_INDEX],
  webhook_deliveries: WEBHOOK_DELIVERY_INDEXES,
  sign_in_links: SHORT_LIVED_INDEXES,
  operator_sessions: SHORT_LIVED_INDEXES,
};

/** Every question the adapter asks. `docs/operations.md` prints this list, and a test has MongoDB explain each. */
export const QUERIES = [
  ...SUBSCRIPTION_QUERIES,
  ...NOTIFICATION_QUERIES,
  ...DELIVERY_QUERIES,
  ...USER_QUERIES,
  ...TEMPLATE_QUERIES,
  ...RECIPIENT_VALUE_QUERIES,
  ...SUPPRESSION_QUERIES,
  ...CAP_QUERIES,
  ...RECEIPT_QUERIES,
  ...EXPERIMENT_QUERIES,
  ...SCHEDULE_QUERIES,
  ...PRUNE_HOLD_QUERIES,
  ...BULK_ACTION_QUERIES,
  ...ERASURE_QUERIES,
  ...TALLY_QUERIES,
  ...SHORT_LIVED_QUERIES,
  ...OPERATOR_QUERIES,
  ...AUDIT_QUERIES,
  ...EVENT_QUERIES,
  ...WEBHOOK_QUERIES,
] as const;

export function collectionsOf(database: Db): Collections {
  return {
    subscriptions: database.collection('subscriptions'),
    notifications: database.collection('notifications'),
    deliveries: database.collection('deliveries'),
    users: database.collection('users'),
    type_rules: database.collection('type_rules'),
    segments: database.collection('segments'),
    templates: database.collection('templates'),
    recipient_values: database.collection('recipient_values'),
    suppressions: database.collection('suppressions'),
    cap_uses: database.collection('cap_uses'),
    receipts: database.collection('receipts'),
    receipt_counts: database.collection('receipt_counts'),
    experiments: database.collection('experiments'),
    experiment_marks: database.collection('experiment_marks'),
    experiment_counts: database.collection('experiment_counts'),
    schedules: database.collection('schedules'),
    occurrences: database.collection('occurrences'),
    prune_holds: database.collection('prune_holds'),
    bulk_actions: database.collection('bulk_actions'),
    erasures: database.collection('erasures'),
    idempotency_keys: database.collection('idempotency_keys'),
    nonces: database.collection('nonces'),
    audit: database.collection('audit'),
    events: database.collection('events'),
    webhook_endpoints: database.collection('webhook_endpoints'),
    webhook_deliveries: database.collection('webhook_deliveries'),
    sign_in_links: database.collection('sign_in_links'),
    operator_sessions: database.collection('operator_sessions'),
    tallies: database.collection('tallies'),
    rollups: database.collection('rollups'),
    meta: database.collection('meta'),
  };
}
