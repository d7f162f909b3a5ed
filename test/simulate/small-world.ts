import { makePlan } from '../../scripts/simulate/plan/make-plan.ts';
import type { Act, Deployment, Fault, Item, Plan, ServiceName } from '../../scripts/simulate/plan/plan.ts';

export const EMBEDDED: Deployment = { kind: 'embedded', hosts: 1 };
export const SHARED: Deployment = { kind: 'shared', hosts: 2 };

export type Moment = { readonly act: Act } | { readonly fault: Fault };

/** A world in which these things happen, so many seconds after its start, and nothing else. */
export function worldOf(
  deployment: Deployment,
  moments: readonly (readonly [seconds: number, moment: Moment])[],
): Plan {
  const plan = makePlan(1, { days: 0.1 });
  const items = moments.map(([seconds, moment], id): Item => {
    const at = { id, atMs: plan.startMs + seconds * 1000 };
    return 'act' in moment ? { ...at, who: 'act', host: id, ...moment } : { ...at, who: 'fault', ...moment };
  });
  const fair = { fails: 0, gone: 0, refused: 0 };
  const climates = { fcm: fair, mozilla: fair, apple: fair, wns: fair };
  return {
    ...plan,
    climates,
    webhooksFail: 0,
    deployment,
    serverZone: 'UTC',
    concurrency: 20,
    fanOutPageSize: 25,
    items,
  };
}

export function device(service: ServiceName, user = 0, number = 0): Moment {
  return { act: { kind: 'register', user, device: number, service, zone: 'UTC' } };
}

export function send(to: readonly number[]): Moment {
  const rest = { priority: null, topic: null, sendAt: null, againSeconds: null };
  return { act: { kind: 'send', send: { ...rest, to, type: 'order.shipped', ttlSeconds: 7200 } } };
}
