import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCOPES, type Scope } from '../../../src/access/api-keys.ts';
import { type Api, startApi } from '../../support/api.ts';

/** What each route that takes a key needs. One that is missing here fails the test. */
const NEEDED: Readonly<Record<string, Scope>> = {
  createWebhookEndpoint: 'manage',
  listWebhookEndpoints: 'read',
  getWebhookEndpoint: 'read',
  changeWebhookEndpoint: 'manage',
  deleteWebhookEndpoint: 'manage',
  rotateWebhookSecret: 'manage',
  listWebhookDeliveries: 'read',
  replayWebhookDelivery: 'manage',
  replayWebhookEvents: 'manage',
  sendNotification: 'send',
  sendManyNotifications: 'send',
  dryRunNotification: 'send',
  replayDelivery: 'send',
  registerSubscription: 'send',
  mintSubscriberToken: 'send',
  listNotifications: 'read',
  getNotification: 'read',
  listDeliveries: 'read',
  listAttempts: 'read',
  getDelivery: 'read',
  listDeadLetters: 'read',
  listDeliveriesOfUser: 'read',
  listDeliveriesOfNamedUser: 'read',
  listSubscriptions: 'read',
  getSubscription: 'read',
  listPruneHolds: 'read',
  getPruneHold: 'read',
  listVapidKeys: 'read',
  getAgingForecast: 'read',
  rotateVapidKey: 'manage',
  getMetrics: 'read',
  importSubscriptions: 'manage',
  listBackups: 'read',
  getSending: 'read',
  pauseSending: 'manage',
  resumeSending: 'manage',
  makeBackup: 'manage',
  listAudit: 'read',
  exportAudit: 'read',
  createConsoleLink: 'manage',
  revokeConsoleSessions: 'manage',
  restoreSubscription: 'manage',
  deleteSubscription: 'manage',
  removeSubscriptionsOfEndpoint: 'manage',
  removeSubscriptionsOfUser: 'manage',
  removeSubscriptionsOfNamedUser: 'manage',
  startBulkAction: 'manage',
  listBulkActions: 'read',
  getBulkAction: 'read',
  cancelBulkAction: 'manage',
  lookUp: 'read',
  eraseNamedUser: 'manage',
  eraseUser: 'manage',
  getErasure: 'read',
  verifyErasureReceipt: 'read',
  listErasures: 'read',
  applyErasures: 'manage',
  exportUser: 'read',
  exportEverything: 'manage',
  listEvents: 'read',
  confirmPruneHold: 'manage',
  dismissPruneHold: 'manage',
  listUsers: 'read',
  getUser: 'read',
  patchUser: 'manage',
  changeTagsOfUser: 'manage',
  listTags: 'read',
  changeUsersOfTag: 'manage',
  explainUser: 'read',
  listSuppressions: 'read',
  listSuppressionsOfUser: 'read',
  listTypeRules: 'read',
  getTypeRule: 'read',
  putTypeRule: 'manage',
  deleteTypeRule: 'manage',
  countAudience: 'read',
  listSegments: 'read',
  putSegment: 'manage',
  deleteSegment: 'manage',
  cancelNotification: 'send',
  listSchedules: 'read',
  getSchedule: 'read',
  getExperiment: 'read',
  listExperiments: 'read',
  putSchedule: 'send',
  patchSchedule: 'send',
  deleteSchedule: 'send',
  triggerSchedule: 'send',
  previewSchedule: 'read',
  previewTimes: 'read',
  listOccurrences: 'read',
  listTemplates: 'read',
  getTemplate: 'read',
  listTemplateVersions: 'read',
  putTemplate: 'manage',
  deleteTemplate: 'manage',
  previewTemplate: 'read',
  previewUnsavedTemplate: 'read',
  getOverview: 'read',
  listOverviewDeliveries: 'read',
  listProcesses: 'read',
};

type Operation = { readonly operationId: string; readonly security?: readonly object[]; readonly description?: string };

describe('the scopes of a key', () => {
  let api: Api;
  let routes: { readonly method: string; readonly path: string; readonly operation: Operation }[];
  beforeAll(async () => {
    api = await startApi();
    const { body } = await api.call('GET', '/openapi.json', { sign: 'none' });
    routes = Object.entries(body.paths as Record<string, Record<string, Operation>>).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
    );
  });
  afterAll(() => api.dispose());

  const withKey = () => routes.filter(({ operation }) => (operation.security ?? []).length > 0);
  const codeWith = async (scope: Scope, method: string, path: string): Promise<unknown> => {
    const id = `${scope}s-only`;
    const target = path.replaceAll(/\{\w+\}/g, 'x');
    const bearer = await api.app.request(target, { method, headers: { Authorization: `Bearer secret-that-${id}` } });
    const answer = (await bearer.json().catch(() => null)) as { code?: string; needed_scope?: string } | null;
    if (answer?.code === 'insufficient_scope')
      expect(answer).toMatchObject({ needed_scope: NEEDED[operationAt(method, path)] });
    return answer?.code;
  };
  const operationAt = (method: string, path: string): string =>
    routes.find((route) => route.method === method && route.path === path)?.operation.operationId ?? '';

  it('are named for every route that takes a key', () => {
    expect(
      withKey()
        .map(({ operation }) => operation.operationId)
        .toSorted(),
    ).toEqual(Object.keys(NEEDED).toSorted());
  });

  it('open what they name and nothing else', async () => {
    for (const { method, path, operation } of withKey()) {
      for (const scope of SCOPES) {
        const code = await codeWith(scope, method, path);
        const isRefused = code === 'insufficient_scope';
        expect([operation.operationId, scope, isRefused]).toEqual([
          operation.operationId,
          scope,
          NEEDED[operation.operationId] !== scope,
        ]);
      }
    }
  });

  it('are in the description of each route', () => {
    for (const { operation } of withKey()) {
      expect(operation.description).toContain(`scope \`${NEEDED[operation.operationId]}\``);
    }
  });

  it('count for a signed request as well', async () => {
    const answer = await api.call('GET', '/v1/notifications', {
      keyId: 'sends-only',
      secret: 'secret-that-sends-only',
    });
    expect(answer).toMatchObject({ status: 403, body: { code: 'insufficient_scope', scopes: ['send'] } });
    expect(answer.headers.get('www-authenticate')).toContain('insufficient_scope');
  });
});
