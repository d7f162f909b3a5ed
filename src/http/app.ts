import { OpenAPIHono } from '@hono/zod-openapi';
import { createMiddleware } from 'hono/factory';
import type { Access } from '../access/access.ts';
import type { ClientFinder } from '../access/client-address.ts';
import type { Operators } from '../access/operators.ts';
import type { SubscriberTokens } from '../access/subscriber-tokens.ts';
import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import type { Random } from '../domain/ids.ts';
import type { BeginCall } from '../domain/trace.ts';
import type { AgingReader } from '../intake/aging.ts';
import type { Audiences } from '../intake/audiences.ts';
import type { AuditLog } from '../intake/audit-log.ts';
import type { Backups } from '../intake/backups.ts';
import type { BulkActions } from '../intake/bulk-actions.ts';
import type { DeadLetters } from '../intake/dead-letters.ts';
import type { Erasures } from '../intake/erasures.ts';
import type { EventReader } from '../intake/event-reading.ts';
import type { Experiments } from '../intake/experiments.ts';
import type { Exports } from '../intake/exports.ts';
import type { LookUp } from '../intake/lookup.ts';
import type { Notifications } from '../intake/notifications.ts';
import type { OverviewReader } from '../intake/overview.ts';
import type { Processes } from '../intake/processes.ts';
import type { PruneHolds } from '../intake/prune-holds.ts';
import type { Receipts } from '../intake/receipts.ts';
import type { Schedules } from '../intake/schedules.ts';
import type { SendingControl } from '../intake/sending.ts';
import type { SubscriptionImport } from '../intake/subscription-import.ts';
import type { Subscriptions } from '../intake/subscriptions.ts';
import type { Templates } from '../intake/templates.ts';
import type { TypeRulesIntake } from '../intake/type-rules.ts';
import type { UserDeliveries } from '../intake/user-deliveries.ts';
import type { Users } from '../intake/users.ts';
import type { VapidKeys } from '../intake/vapid-keys.ts';
import type { WebhookEndpoints } from '../intake/webhook-endpoints.ts';
import { addConsoleRoutes, type ConsoleOptions } from './console/console.ts';
import { CONSOLE_PATH } from './console/console-routes.ts';
import { addHealthRoutes, type Readiness } from './health.ts';
import { traceCalls } from './kit/call-span.ts';
import { allowOrigins } from './kit/cross-origin.ts';
import { answerProblem, type LogError } from './kit/problem.ts';
import { type BodyLimits, createBodyReader } from './kit/raw-body.ts';
import type { ApiEnv } from './kit/request-context.ts';
import { assignRequestId } from './kit/request-id.ts';
import { logRequest, type RequestLine } from './kit/request-log.ts';
import { createRouter, type Router } from './kit/router.ts';
import { createSpool } from './kit/spool.ts';
import type { StaticFile } from './kit/static-files.ts';
import { createStreamedBodies } from './kit/streamed-body.ts';
import { addMetricsRoute } from './metrics.ts';
import { addOpenApiRoute, OPENAPI_PATH } from './openapi.ts';
import { addDemoRoutes, DEMO_PATH, type DemoRoutesOptions } from './pages/demo.ts';
import { addSdkRoutes } from './pages/sdk.ts';
import { addStartPageRoute } from './pages/start-page.ts';
import { addAgingRoute } from './v1/aging.ts';
import { addAudienceRoutes } from './v1/audiences.ts';
import { addAuditRoutes } from './v1/audit.ts';
import { addBackupRoutes } from './v1/backups.ts';
import { addBulkActionRoutes } from './v1/bulk-actions.ts';
import { addBulkNotificationRoute } from './v1/bulk-notifications.ts';
import { addConsoleLinkRoutes } from './v1/console-links.ts';
import { addDeliveryRoutes } from './v1/deliveries.ts';
import { addErasureRoutes } from './v1/erasures.ts';
import { addEventRoutes } from './v1/events.ts';
import { addExperimentRoutes } from './v1/experiments.ts';
import { addExplanationRoutes, type ExplanationParts } from './v1/explanations.ts';
import { addExportRoutes } from './v1/exports.ts';
import { addLookUpRoute } from './v1/lookup.ts';
import { addNotificationRoutes, type NotificationParts } from './v1/notifications.ts';
import { addOverviewRoutes } from './v1/overview.ts';
import { addProcessRoutes } from './v1/processes.ts';
import { addPruneHoldRoutes } from './v1/prune-holds.ts';
import { addReceiptRoutes } from './v1/receipts.ts';
import { addScheduleRoutes } from './v1/schedules.ts';
import { addSendingRoutes } from './v1/sending.ts';
import { addSubscriberTokenRoutes } from './v1/subscriber-tokens.ts';
import { addSubscriptionImportRoute } from './v1/subscription-import.ts';
import { addSubscriptionRemovalRoutes } from './v1/subscription-removal.ts';
import { addSubscriptionRoutes } from './v1/subscriptions.ts';
import { addTemplateRoutes } from './v1/templates.ts';
import { addTypeRoutes } from './v1/type-rules.ts';
import { addUserDeliveryRoutes } from './v1/user-deliveries.ts';
import { addUserRoutes } from './v1/users.ts';
import { addVapidKeyRoutes } from './v1/vapid-keys.ts';
import { addWebhookRoutes } from './v1/webhook-endpoints.ts';

export type AppOptions = {
  readonly access: Access;
  readonly bodyLimits: BodyLimits;
  /** Where large signed bodies wait for the end of their digest, in order of preference. */
  readonly spoolFolders?: readonly string[];
  readonly subscriptions: Subscriptions;
  readonly subscriptionImport: SubscriptionImport;
  readonly subscriberTokens: SubscriberTokens;
  readonly notifications: Notifications;
  readonly dryRun: NotificationParts['dryRun'];
  readonly deadLetters: DeadLetters;
  readonly bulkActions: BulkActions;
  readonly erasures: Erasures;
  readonly exports: Exports;
  readonly experiments: Experiments;
  readonly userDeliveries: UserDeliveries;
  readonly receipts: Receipts;
  /** The site whose clicks lead through here; null where none do. */
  readonly clickedSiteUrl?: string | null;
  readonly users: Users;
  readonly types: TypeRulesIntake;
  readonly templates: Templates;
  readonly audiences: Audiences;
  readonly schedules: Schedules;
  readonly explanations: ExplanationParts;
  readonly overview: OverviewReader;
  readonly lookUp: LookUp;
  readonly processes: Processes;
  readonly pruneHolds: PruneHolds;
  readonly vapidKeys: VapidKeys;
  readonly readAging: AgingReader;
  readonly backups: Backups;
  readonly sending: SendingControl;
  readonly operators: Operators;
  readonly audit: AuditLog;
  readonly eventReader: EventReader;
  readonly webhookEndpoints: WebhookEndpoints;
  /** Left out where the console is switched off. */
  readonly console?: Pick<
    ConsoleOptions,
    'files' | 'limiter' | 'viewersSeeContent' | 'settings' | 'doctor' | 'stopping' | 'storeOctets'
  >;
  /** Left out where the demo page is switched off. */
  readonly demo?: Omit<DemoRoutesOptions, 'clock' | 'bodies'>;
  readonly readiness: Readiness;
  /** In Prometheus’ text format. */
  readonly metrics: () => Promise<string>;
  /** False in a process that only sends: it answers for health and metrics, and says so at `/`. */
  readonly servesApi: boolean;
  readonly vapidPublicKey: string;
  /** The files under `/sdk/`. Null where they were not built: then they are not served. */
  readonly sdk: readonly StaticFile[] | null;
  /** Origins whose pages may call, as `allowOrigins` reads them. None switches CORS off. */
  readonly corsAllowedOrigins: readonly string[];
  readonly version: string;
  /** Once true, every route is refused but those that tell of the process itself. */
  readonly isStopping: () => boolean;
  /** Told the patterns of all routes. */
  readonly onRoutes?: (patterns: readonly string[]) => void;
  /** Aborted then, too: what streams ends. */
  readonly stopping?: AbortSignal;
  readonly log: (line: RequestLine) => void;
  /** Null, or left out, where no spans are made. */
  readonly beginCall?: BeginCall | null;
  readonly findClient: ClientFinder;
  readonly logError: LogError;
  readonly clock: Clock;
  readonly random: Random;
};

const NO_SUCH_PATH = `There is nothing at this path. GET ${OPENAPI_PATH} lists all routes.`;
const ONLY_SENDS = 'This process only sends (ROLES=worker): call one that has the role api.';

/**
 * The API. A request passes, in this order:
 * 1. request id and log; the demo page and the console, where they are on;
 * 2. CORS; health and metrics; the check that the server is not stopping;
 * 3. for a route that needs a key: the credentials; the raw body and what was signed of it; then parsing and validation;
 * 4. the handler of its route.
 *
 * Whatever is thrown on the way becomes a problem (RFC 9457).
 */
export function createApp(options: AppOptions): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>();
  const bodies = createBodyReader({ ...options.bodyLimits, clock: options.clock });
  const streamed = createStreamedBodies({ ...options, bodies, spool: createSpool(options.spoolFolders) });
  const audit = { ...options.audit, clock: options.clock };
  const router = createRouter(app, { ...options, bodies, streamed, audit });

  app.onError(answerProblem(options.logError));
  app.notFound(() => {
    throw new AppError('route_not_found', options.servesApi ? NO_SUCH_PATH : ONLY_SENDS);
  });

  app.use(assignRequestId(options));
  app.use(logRequest(options));
  app.use(traceCalls(options.beginCall ?? null));
  if (options.servesApi && options.demo !== undefined) {
    app.use(`${DEMO_PATH}/*`, refuseWhenStopping(options.isStopping));
    addDemoRoutes(app, { ...options.demo, clock: options.clock, bodies });
  }
  if (options.servesApi && options.console !== undefined) {
    app.use(`${CONSOLE_PATH}/*`, refuseWhenStopping(options.isStopping));
    const audit = { ...options.audit, clock: options.clock };
    addConsoleRoutes(app, { ...options, ...options.console, bodies, recorder: audit });
  }
  if (options.corsAllowedOrigins.length > 0) app.use(allowOrigins(options.corsAllowedOrigins));
  addHealthRoutes(router, options);
  addMetricsRoute(router, options);
  app.use(refuseWhenStopping(options.isStopping));

  addStartPageRoute(router, { ...options, hasDemo: options.demo !== undefined });
  if (options.servesApi) addApiRoutes(router, app, options);
  router.closeMethods();
  options.onRoutes?.(router.patterns());
  return app;
}

function addApiRoutes(router: Router, app: OpenAPIHono<ApiEnv>, options: AppOptions): void {
  if (options.sdk !== null) addSdkRoutes(router, options.sdk);
  addSubscriptionRoutes(router, options.subscriptions);
  addSubscriptionRemovalRoutes(router, options.subscriptions);
  addSubscriptionImportRoute(router, options.subscriptionImport);
  addSubscriberTokenRoutes(router, options.subscriberTokens);
  addBulkNotificationRoute(router, options);
  addNotificationRoutes(router, options);
  addDeliveryRoutes(router, options.notifications, options.deadLetters);
  addReceiptRoutes(router, { receipts: options.receipts, siteUrl: options.clickedSiteUrl ?? null });
  addBulkActionRoutes(router, options.bulkActions);
  addUserDeliveryRoutes(router, options.userDeliveries);
  addUserRoutes(router, options.users);
  addErasureRoutes(router, options.erasures);
  addExportRoutes(router, options.exports);
  addTypeRoutes(router, options.types);
  addTemplateRoutes(router, options.templates);
  addAudienceRoutes(router, options.audiences);
  addScheduleRoutes(router, options.schedules);
  addExperimentRoutes(router, options.experiments);
  addExplanationRoutes(router, options.explanations);
  addOverviewRoutes(router, options.overview);
  addProcessRoutes(router, options.processes);
  addLookUpRoute(router, options.lookUp);
  addPruneHoldRoutes(router, options.pruneHolds);
  addVapidKeyRoutes(router, options);
  addAgingRoute(router, options.readAging);
  addBackupRoutes(router, options.backups);
  addSendingRoutes(router, options.sending);
  addAuditRoutes(router, options.audit);
  addEventRoutes(router, options);
  addWebhookRoutes(router, options.webhookEndpoints);
  addConsoleLinkRoutes(router, options.operators);
  addOpenApiRoute(router, app, options);
}

function refuseWhenStopping(isStopping: () => boolean) {
  return createMiddleware<ApiEnv>(async (_, next) => {
    if (isStopping()) throw new AppError('shutting_down', 'This server is shutting down. Try again shortly.');
    await next();
  });
}
