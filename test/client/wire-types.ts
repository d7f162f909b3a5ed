import type { z } from '@hono/zod-openapi';
import type * as client from '../../src/client/client.ts';
import type { AppErrorCode } from '../../src/domain/app-error.ts';
import type { agingSchema } from '../../src/http/v1/aging.ts';
import type { audienceInput } from '../../src/http/v1/audience-schema.ts';
import type { audienceCountSchema, segmentSchema } from '../../src/http/v1/audiences.ts';
import type { auditEntrySchema } from '../../src/http/v1/audit.ts';
import type { bulkActionBody, bulkActionSchema, bulkPlanSchema } from '../../src/http/v1/bulk-actions.ts';
import type { lineSchema } from '../../src/http/v1/bulk-line.ts';
import type { resultSchema } from '../../src/http/v1/bulk-notifications.ts';
import type { attemptSchema, deliverySchema, toldDeliverySchema } from '../../src/http/v1/delivery-schema.ts';
import type { dryRunSchema } from '../../src/http/v1/dry-run-schema.ts';
import type { erasureSchema, verificationSchema } from '../../src/http/v1/erasures.ts';
import type { eventPage } from '../../src/http/v1/events.ts';
import type { experimentSchema } from '../../src/http/v1/experiments.ts';
import type { explanationSchema, suppressionSchema } from '../../src/http/v1/explanations.ts';
import type { foundSchema } from '../../src/http/v1/lookup.ts';
import type { acceptedSchema, notificationSchema } from '../../src/http/v1/notification-answer.ts';
import type { notificationBody } from '../../src/http/v1/notification-schema.ts';
import type { overviewSchema, stretchSchema } from '../../src/http/v1/overview.ts';
import type { processSchema } from '../../src/http/v1/processes.ts';
import type {
  documentedScheduleBody,
  momentSchema,
  occurrenceSchema,
  recurrenceBody,
  schedulePatch,
  scheduleSchema,
} from '../../src/http/v1/schedule-schema.ts';
import type { importedSchema, importLine } from '../../src/http/v1/subscription-import.ts';
import type { removalBody, removedSchema } from '../../src/http/v1/subscription-removal.ts';
import type { registerBody, subscriptionSchema } from '../../src/http/v1/subscription-schema.ts';
import type {
  previewBody,
  previewSchema,
  templateBody,
  templateSchema,
  templateSummarySchema,
} from '../../src/http/v1/template-schema.ts';
import type { typeRuleBody, typeRuleSchema } from '../../src/http/v1/type-rules.ts';
import type { userDeliverySchema } from '../../src/http/v1/user-deliveries.ts';
import type { userPatchBody, userSchema } from '../../src/http/v1/user-schema.ts';
import type { rotatedSchema, vapidKeyList } from '../../src/http/v1/vapid-keys.ts';
import type {
  webhookDeliverySchema,
  webhookEndpointBody,
  webhookSecretSchema,
} from '../../src/http/v1/webhook-schema.ts';

/** Not run, but compiled by `npm run check`: it fails where the client's types are not what the server takes and gives. */

type Same<One, Other> = [One] extends [Other] ? ([Other] extends [One] ? true : false) : false;
/** Names that the server has and the client has not; `never` where there are none. */
type Missing<Server, Client> = Exclude<keyof Server, keyof Client>;
type Reads<Schema extends z.ZodType, Client> = [Missing<z.output<Schema>, Client>] extends [never]
  ? z.output<Schema> extends Client
    ? true
    : false
  : Missing<z.output<Schema>, Client>;
type Mutable<T> = T extends readonly (infer Item)[]
  ? Mutable<Item>[]
  : T extends object
    ? { -readonly [Name in keyof T]: Mutable<T[Name]> }
    : T;
/** Whether all that both know is taken by the server, and nothing that the server knows is missing. */
type Writes<Schema extends z.ZodType, Client> = [Missing<z.input<Schema>, Client>] extends [never]
  ? Mutable<Pick<Client, keyof Client & keyof z.input<Schema>>> extends z.input<Schema>
    ? true
    : false
  : Missing<z.input<Schema>, Client>;

/** What only pages in a browser are told. */
type OfPages = 'not_same_origin' | 'too_many_requests' | 'sign_in_refused' | 'viewer_changes_nothing';

export const COMPILED: [
  Same<client.ServerErrorCode, Exclude<AppErrorCode, OfPages>>,
  Reads<typeof acceptedSchema, client.AcceptedNotification>,
  Writes<typeof lineSchema, client.BulkNotification>,
  Reads<typeof resultSchema, client.BulkNotificationResult>,
  // A plan is a call of its own.
  Writes<typeof bulkActionBody, client.BulkActionInput & { readonly dry_run?: boolean | undefined }>,
  Reads<typeof bulkActionSchema, client.BulkAction>,
  Reads<typeof bulkPlanSchema, client.BulkActionPlan>,
  Reads<typeof notificationSchema, client.Notification>,
  Reads<typeof deliverySchema, client.Delivery>,
  Reads<typeof toldDeliverySchema, client.DeliveryWithReceipts>,
  Reads<typeof attemptSchema, client.Attempt>,
  Reads<typeof userDeliverySchema, client.UserDelivery>,
  Reads<typeof subscriptionSchema, client.Subscription>,
  Reads<typeof importedSchema, client.ImportedSubscription>,
  Writes<typeof importLine, client.SubscriptionImportLine>,
  // A dry run is a call of its own.
  Writes<typeof notificationBody, client.NotificationInput & { readonly dry_run?: boolean | undefined }>,
  Reads<typeof dryRunSchema, client.NotificationDryRun>,
  Reads<typeof overviewSchema, client.Overview>,
  Reads<typeof stretchSchema, client.OverviewStretch>,
  Reads<typeof processSchema, client.Process>,
  Reads<typeof foundSchema, client.Found>,
  Writes<typeof registerBody, client.SubscriptionInput>,
  Writes<typeof removalBody, client.SubscriptionRemoval>,
  Reads<typeof removedSchema, client.RemovedSubscriptions>,
  Reads<typeof userSchema, client.User>,
  Writes<typeof userPatchBody, client.UserPatch>,
  Reads<typeof typeRuleSchema, client.TypeRule>,
  Writes<typeof typeRuleBody, client.TypeRuleInput>,
  Reads<typeof segmentSchema, client.Segment>,
  Writes<typeof audienceInput, client.AudienceInput>,
  Reads<typeof audienceCountSchema, client.AudienceCount>,
  Reads<typeof suppressionSchema, client.Suppression>,
  Reads<typeof explanationSchema, client.Explanation>,
  Reads<typeof auditEntrySchema, client.AuditEntry>,
  Reads<typeof eventPage, client.EventPage>,
  Reads<typeof erasureSchema, client.Erasure>,
  Reads<typeof verificationSchema, client.ErasureVerification>,
  Reads<typeof webhookSecretSchema, client.WebhookEndpointWithSecret>,
  Reads<typeof webhookDeliverySchema, client.WebhookDelivery>,
  Writes<typeof webhookEndpointBody, client.WebhookEndpointInput>,
  Reads<typeof experimentSchema, client.Experiment>,
  Reads<typeof scheduleSchema, client.Schedule>,
  Reads<typeof occurrenceSchema, client.Occurrence>,
  Reads<typeof momentSchema, client.ScheduleMoment>,
  Writes<typeof documentedScheduleBody, client.ScheduleInput>,
  Writes<typeof schedulePatch, client.SchedulePatch>,
  Writes<typeof recurrenceBody, client.Recurrence>,
  Writes<typeof templateBody, client.TemplateInput>,
  Reads<typeof templateSchema, client.Template>,
  Reads<typeof templateSummarySchema, client.TemplateSummary>,
  Writes<typeof previewBody, client.TemplatePreviewInput & { readonly version?: number | undefined }>,
  Reads<typeof vapidKeyList, client.VapidKeys>,
  Reads<typeof rotatedSchema, client.RotatedVapidKey>,
  Reads<typeof agingSchema, client.AgingForecast>,
  Reads<typeof previewSchema, { readonly items: readonly client.TemplatePreview[] }>,
] = [
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
];
