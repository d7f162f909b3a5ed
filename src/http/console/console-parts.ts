import type { Operators } from '../../access/operators.ts';
import type { Clock } from '../../clock.ts';
import type { AgingReader } from '../../intake/aging.ts';
import type { Audiences } from '../../intake/audiences.ts';
import type { AuditLog } from '../../intake/audit-log.ts';
import type { Backups } from '../../intake/backups.ts';
import type { BulkActions } from '../../intake/bulk-actions.ts';
import type { DeadLetters } from '../../intake/dead-letters.ts';
import type { Doctor } from '../../intake/doctor.ts';
import type { Erasures } from '../../intake/erasures.ts';
import type { Experiments } from '../../intake/experiments.ts';
import type { Exports } from '../../intake/exports.ts';
import type { LookUp } from '../../intake/lookup.ts';
import type { Notifications } from '../../intake/notifications.ts';
import type { OverviewReader } from '../../intake/overview.ts';
import type { Processes } from '../../intake/processes.ts';
import type { PruneHolds } from '../../intake/prune-holds.ts';
import type { Schedules } from '../../intake/schedules.ts';
import type { SendingControl } from '../../intake/sending.ts';
import type { Subscriptions } from '../../intake/subscriptions.ts';
import type { Templates } from '../../intake/templates.ts';
import type { TypeRulesIntake } from '../../intake/type-rules.ts';
import type { UserDeliveries } from '../../intake/user-deliveries.ts';
import type { Users } from '../../intake/users.ts';
import type { VapidKeys } from '../../intake/vapid-keys.ts';
import type { WebhookEndpoints } from '../../intake/webhook-endpoints.ts';
import type { ExplanationParts } from '../v1/explanations.ts';
import type { NotificationParts } from '../v1/notifications.ts';

/** What the pages of the console stand on: the same as the API. */
export type ConsoleParts = {
  readonly notifications: Notifications;
  readonly dryRun: NotificationParts['dryRun'];
  readonly deadLetters: DeadLetters;
  readonly bulkActions: BulkActions;
  readonly userDeliveries: UserDeliveries;
  readonly subscriptions: Subscriptions;
  readonly users: Users;
  readonly erasures: Erasures;
  readonly exports: Exports;
  readonly experiments: Experiments;
  readonly types: TypeRulesIntake;
  readonly audiences: Audiences;
  readonly schedules: Schedules;
  readonly templates: Templates;
  readonly explanations: ExplanationParts;
  readonly pruneHolds: PruneHolds;
  readonly vapidKeys: VapidKeys;
  readonly readAging: AgingReader;
  readonly overview: OverviewReader;
  readonly lookUp: LookUp;
  readonly webhookEndpoints: WebhookEndpoints;
  readonly backups: Backups;
  readonly sending: SendingControl;
  readonly processes: Pick<Processes, 'list'>;
  /** Null where nobody can ask him. */
  readonly doctor: Doctor | null;
  readonly audit: AuditLog;
  readonly operators: Operators;
  readonly clock: Clock;
  readonly version: string;
  /** Rejects where a part cannot be used now. */
  readonly readiness: { readonly store: () => Promise<void>; readonly queue: () => Promise<void> };
  /** What the store takes up on the disk. */
  readonly storeOctets: () => Promise<number>;
  /** Settings that were set, by name; those that are secret without their value. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** Whether a viewer is shown what notifications say. */
  readonly viewersSeeContent: boolean;
  /** Aborted when the service stops, so that every stream ends. */
  readonly stopping: AbortSignal;
};
