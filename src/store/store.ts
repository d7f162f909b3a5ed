import type { AudienceStore } from './audience-store.ts';
import type { AuditStore } from './audit-store.ts';
import type { BackupStore } from './backup-store.ts';
import type { BulkActionStore } from './bulk-action-store.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { ErasureStore } from './erasure-store.ts';
import type { EventStore } from './event-store.ts';
import type { ExperimentStore } from './experiment-store.ts';
import type { FactStore } from './fact-store.ts';
import type { FanOutStore } from './fan-out-store.ts';
import type { NonceStore } from './nonce-store.ts';
import type { NotificationStore } from './notification-store.ts';
import type { OperatorStore } from './operator-store.ts';
import type { PruneHoldStore } from './prune-hold-store.ts';
import type { ReceiptStore } from './receipt-store.ts';
import type { RetentionStore } from './retention-store.ts';
import type { ScheduleStore } from './schedule-store.ts';
import type { SegmentStore } from './segment-store.ts';
import type { SubscriptionStore } from './subscription-store.ts';
import type { SuppressionStore } from './suppression-store.ts';
import type { TallyStore } from './tally-store.ts';
import type { TemplateStore } from './template-store.ts';
import type { TypeRuleStore } from './type-rule-store.ts';
import type { UserStore } from './user-store.ts';
import type { WebhookStore } from './webhook-store.ts';

/**
 * Where everything that was accepted is kept: the truth, of which the queue is only a reminder. A port for each noun.
 * A promise that resolves means durable. A store that is out of reach rejects with AppError `store_unavailable`.
 */
export interface Store {
  readonly subscriptions: SubscriptionStore;
  readonly audiences: AudienceStore;
  readonly notifications: NotificationStore;
  readonly fanOuts: FanOutStore;
  readonly deliveries: DeliveryStore;
  readonly webhooks: WebhookStore;
  readonly users: UserStore;
  readonly typeRules: TypeRuleStore;
  readonly segments: SegmentStore;
  readonly templates: TemplateStore;
  readonly suppressions: SuppressionStore;
  readonly receipts: ReceiptStore;
  readonly experiments: ExperimentStore;
  readonly schedules: ScheduleStore;
  readonly pruneHolds: PruneHoldStore;
  readonly bulkActions: BulkActionStore;
  readonly erasures: ErasureStore;
  readonly tallies: TallyStore;
  readonly nonces: NonceStore;
  readonly operators: OperatorStore;
  readonly audit: AuditStore;
  readonly events: EventStore;
  readonly facts: FactStore;
  readonly retention: RetentionStore;
  readonly backups: BackupStore;
  /** What it takes up on the disk. */
  sizeOctets(): Promise<number>;
  /** Rejects when the store cannot be written to now. */
  ping(): Promise<void>;
  /** Commits what is under way and lets go. Harmless when repeated. */
  close(): Promise<void>;
}
