import type { OpenAPIHono } from '@hono/zod-openapi';
import type { BodyReader } from '../kit/raw-body.ts';
import type { ApiEnv } from '../kit/request-context.ts';
import { fileAnswerer, type StaticFile } from '../kit/static-files.ts';
import { PAGE_HEADERS } from '../pages/page-headers.ts';
import { addAudiencePage } from './audience-page.ts';
import { addAuditPage } from './audit-page.ts';
import { addBulkActionPages } from './bulk-action-page.ts';
import { addBulkPlanPage } from './bulk-plan-page.ts';
import { addComposePage } from './compose-page.ts';
import type { ConsoleParts } from './console-parts.ts';
import { CONSOLE_PATH, type ConsoleRoutes, consoleRoutes, htmlAnswer } from './console-routes.ts';
import { addDeadLetterPage } from './dead-letter-page.ts';
import { addDeliveryPage } from './delivery-page.ts';
import { addDoctorPage } from './doctor-page.ts';
import { addErasurePages } from './erasure-page.ts';
import { addExperimentPages } from './experiment-page.ts';
import { addLiveStream } from './live-stream.ts';
import { messagePage } from './message-page.ts';
import { addNotificationPages } from './notification-page.ts';
import { addOverviewPage } from './overview-page.ts';
import { addSchedulePages } from './schedule-page.ts';
import { addSearchPage } from './search-page.ts';
import { addServicesPage } from './services-page.ts';
import { addSignInRoutes, type SignInOptions } from './sign-in.ts';
import { addSubscriptionPage } from './subscription-page.ts';
import { addSuppressedPage } from './suppressed-page.ts';
import { addSystemPage } from './system-page.ts';
import { addTemplatePages } from './template-page.ts';
import { addUserPage } from './user-page.ts';
import { addWebhookPage } from './webhook-page.ts';
import { addWebhooksPage } from './webhooks-page.ts';

export type ConsoleOptions = SignInOptions &
  ConsoleParts & {
    /** Styles, script and picture of the pages. */
    readonly files: readonly StaticFile[];
  };

/** The console: pages for people who run Bellhop. Add these routes before CORS: no page of another origin may read them. */
export function addConsoleRoutes(
  app: OpenAPIHono<ApiEnv>,
  options: ConsoleOptions & { readonly bodies: BodyReader },
): void {
  const routes = consoleRoutes(app, options);
  app.get(CONSOLE_PATH, (c) => {
    c.set('route', CONSOLE_PATH);
    return c.body(null, 303, { ...PAGE_HEADERS, Location: `${CONSOLE_PATH.slice(1)}/overview` });
  });
  addFileRoutes(app, options.files);
  addSignInRoutes(routes, options);
  addPages(routes, options);
  // Preflights end here, too: CORS comes later and must not answer them.
  app.all(`${CONSOLE_PATH}/*`, (c) => {
    c.set('code', 'route_not_found');
    const page = messagePage({
      title: 'No such page',
      text: 'There is no page of the console at this address.',
      next: 'overview',
    });
    return htmlAnswer(c, page, 404);
  });
}

function addPages(routes: ConsoleRoutes, parts: ConsoleParts): void {
  addOverviewPage(routes, parts);
  addLiveStream(routes, parts);
  addSearchPage(routes, parts);
  addUserPage(routes, parts);
  addErasurePages(routes, parts);
  addNotificationPages(routes, parts);
  addDeliveryPage(routes, parts);
  addSuppressedPage(routes, parts);
  addSubscriptionPage(routes, parts);
  addDeadLetterPage(routes, parts);
  addBulkPlanPage(routes, parts);
  addBulkActionPages(routes, parts);
  addServicesPage(routes, parts);
  addAudiencePage(routes, parts);
  addComposePage(routes, parts);
  addSchedulePages(routes, parts);
  addTemplatePages(routes, parts);
  addExperimentPages(routes, parts);
  addWebhooksPage(routes, parts);
  addWebhookPage(routes, parts);
  addSystemPage(routes, parts);
  addDoctorPage(routes, parts);
  addAuditPage(routes, parts);
}

/** The same for everybody, and asked for anew each time, so that an update shows at once. */
function addFileRoutes(app: OpenAPIHono<ApiEnv>, files: readonly StaticFile[]): void {
  for (const file of files) {
    const path = `${CONSOLE_PATH}/${file.name}`;
    const headers = { ...PAGE_HEADERS, 'Cache-Control': 'no-cache', 'Content-Type': file.mediaType };
    const answerWithFile = fileAnswerer(file, headers);
    app.get(path, async (c) => {
      c.set('route', path);
      const asked = {
        'if-none-match': c.req.header('if-none-match'),
        'accept-encoding': c.req.header('accept-encoding'),
      };
      const { status, body, headers } = await answerWithFile(asked);
      return body === null ? c.body(null, status, headers) : c.body(body, status, headers);
    });
  }
}
