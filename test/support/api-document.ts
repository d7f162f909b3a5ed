import { randomBytes } from 'node:crypto';
import type { ProcessView } from '../../src/domain/process/process-view.ts';
import { perMinute } from '../../src/domain/rate-limit.ts';
import { createApp } from '../../src/http/app.ts';
import { createAgingReader } from '../../src/intake/aging.ts';
import { createVapidKeys, type VapidKeysOptions } from '../../src/intake/vapid-keys.ts';
import type { Store } from '../../src/store/store.ts';
import { createFakeClock } from './fake-clock.ts';
import { createOpenApiCheck, type OpenApiCheck, type OpenApiDocument } from './openapi-check.ts';
import { NOW_MS, SDK_FILES } from './samples.ts';

export const CONSOLE = {
  ...{ viewersSeeContent: false, settings: [], doctor: null },
  stopping: new AbortController().signal,
};

export const OWN_PROCESS: Omit<ProcessView, 'lanes'> = {
  id: 'the-one-under-test',
  host: 'machine-1',
  pid: 4711,
  version: '1.2.3',
  roles: ['api', 'worker'],
  startedAtMs: NOW_MS,
};

/** A rotation where a test brings one; and how subscriptions age. */
export function keysOf(
  of: Pick<VapidKeysOptions, 'publicKeys'> & { readonly store: Store },
  options: Partial<VapidKeysOptions>,
) {
  const vapidKeys = createVapidKeys({ rotation: null, ...of, ...options });
  return { readAging: createAgingReader(of.store.facts), vapidKeys };
}

const OFTEN = perMinute(30);
export const LIMITS = { registrationLimit: OFTEN, userChangeLimit: OFTEN, maxPerUser: 20, countsVisitors: false };
export const WEBHOOKS = {
  newSecret: () => `whsec_${randomBytes(24).toString('base64')}`,
  allowedHosts: [{ host: '127.0.0.1', port: 8099 }],
  onWebhookChange: () => {},
};

/** What most tests have no opinion on. */
export const PLAIN = { sdk: SDK_FILES, corsAllowedOrigins: [], version: '1.2.3', isStopping: () => false };

/** The document, from an app whose options cannot matter to it. */
async function documentOf(): Promise<OpenApiDocument> {
  const unused = {} as never;
  const app = createApp({
    access: unused,
    subscriptions: unused,
    subscriptionImport: unused,
    subscriberTokens: unused,
    notifications: unused,
    dryRun: unused,
    receipts: unused,
    clickedSiteUrl: 'https://app.example.com',
    deadLetters: unused,
    erasures: unused,
    exports: unused,
    bulkActions: unused,
    userDeliveries: unused,
    users: unused,
    types: unused,
    templates: unused,
    audiences: unused,
    schedules: unused,
    experiments: unused,
    explanations: unused,
    overview: unused,
    lookUp: unused,
    processes: unused,
    pruneHolds: unused,
    vapidKeys: unused,
    readAging: unused,
    backups: unused,
    sending: unused,
    operators: unused,
    audit: unused,
    eventReader: unused,
    webhookEndpoints: unused,
    metrics: unused,
    readiness: { store: unused, queue: unused },
    bodyLimits: { bodyTimeoutMs: 30_000, maxUnverifiedBodyOctets: 12 * 1024 * 1024 },
    servesApi: true,
    vapidPublicKey: '',
    ...PLAIN,
    log: () => {},
    findClient: () => null,
    logError: () => {},
    clock: createFakeClock(NOW_MS),
    random: Math.random,
  });
  return (await app.request('/openapi.json')).json() as Promise<OpenApiDocument>;
}

let made: Promise<OpenApiCheck> | undefined;

/** Made once for each test file: the document does not depend on the options of one API, and takes a while to compile. */
export function answersAsDocumented(): Promise<OpenApiCheck> {
  made ??= documentOf().then(createOpenApiCheck);
  return made;
}
