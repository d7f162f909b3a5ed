import type { Clock } from '../../clock.ts';
import { AppError } from '../../domain/app-error.ts';
import type { AuditDraft } from '../../domain/audit/audit-entry.ts';
import type { ApiContext } from './request-context.ts';
import type { RouteSpec } from './route.ts';

/** Takes on record what is about to change. */
export type Audit = { readonly record: (draft: AuditDraft) => Promise<void>; readonly clock: Clock };

/**
 * Does what changes something after it is on record: so no change is missing there, whatever dies in between. Where it is refused
 * after all, a second entry says so.
 */
export function audited<Value>(
  audit: Audit,
  { route, body }: { readonly route: RouteSpec; readonly body: unknown },
  c: ApiContext,
  work: () => Promise<Value>,
): Promise<Value> {
  const caller = c.get('caller');
  // A page with a token acts for its own user alone: that is no change of an operator's.
  const isChange =
    route.method !== 'get' && route.isUnaudited === undefined && caller?.kind === 'key' && !route.onlyReads?.(body);
  if (!isChange) return work();
  const act = {
    by: 'key',
    who: caller.keyId,
    action: route.operationId,
    target: route.auditNamesNobody ? '' : targetIn(c),
  } as const;
  return onRecord(audit, c, act, work);
}

/** As `audited`, for whoever knows what is done. */
export async function onRecord<Value>(
  { record, clock }: Audit,
  c: ApiContext,
  act: Pick<AuditDraft, 'by' | 'who' | 'action' | 'target'>,
  work: () => Promise<Value>,
): Promise<Value> {
  const entry = { ...act, from: c.get('client') ?? '', requestId: c.get('requestId') };
  await record({ ...entry, atMs: clock.now(), refusal: null });
  try {
    return await work();
  } catch (error) {
    const refusal = error instanceof AppError ? error.code : 'internal_error';
    await record({ ...entry, atMs: clock.now(), refusal });
    throw error;
  }
}

/** What its path names, or the user in its query. */
function targetIn(c: ApiContext): string {
  const [named] = Object.values(c.req.param());
  return named ?? c.req.query('user_id') ?? '';
}
