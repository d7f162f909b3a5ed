import { request } from 'undici';
import { type Finding, failed, ok, skipped } from '../../domain/finding.ts';
import { parseHttpDate } from '../../domain/push-service/http-date.ts';
import { type PushProxy, wayOfPushes } from '../../domain/push-service/proxy.ts';
import { outcomeOf, type PushResult } from '../../domain/push-service/push-outcome.ts';
import { isWayOutFailure, TRIES_AGAIN, UNTIL_THE_DEADLINE } from '../../domain/push-service/way-out.ts';
import type { AllowedHost } from '../../domain/subscription/endpoint-policy.ts';
import { failedAt } from '../../egress/failures.ts';
import type { Resolver } from '../../egress/resolver.ts';
import { createWayOut, type WayOut } from '../../egress/way-out.ts';

export type EgressOptions = {
  readonly caPem: string | null;
  readonly allowedHosts: readonly AllowedHost[];
  readonly proxy: PushProxy | null;
  /** How names are resolved; by the system unless given. */
  readonly resolve?: Resolver;
  readonly services?: readonly PushServiceHost[];
  readonly limitMs?: number;
  /** On purpose: nothing outside is looked at. */
  readonly isOffline?: boolean;
};

type PushServiceHost = { readonly name: string; readonly origin: string };

const SERVICES: readonly PushServiceHost[] = [
  { name: 'Google', origin: 'https://fcm.googleapis.com' },
  { name: 'Mozilla', origin: 'https://updates.push.services.mozilla.com' },
  { name: 'Apple', origin: 'https://web.push.apple.com' },
  { name: 'Microsoft', origin: 'https://wns2-by3p.notify.windows.com' },
];

const DEFAULT_LIMIT_MS = 5000;
const ON_PURPOSE = 'not looked at (--offline)';

type Met = Extract<PushResult, { kind: 'failure' }>;

type Look = { readonly service: PushServiceHost } & (
  | { readonly kind: 'answer'; readonly status: number; readonly date: string | null }
  | { readonly kind: 'failure'; readonly met: Met }
);

/** Whether the push services can be reached by the service's own rules, and what time they say it is. */
export async function checkEgress(options: EgressOptions): Promise<readonly Finding[]> {
  const { services = SERVICES, limitMs = DEFAULT_LIMIT_MS } = options;
  const way = ok('way out', `pushes ${wayOfPushes(options.proxy)}`);
  if (options.isOffline === true) {
    const names = services.map(({ name }) => skipped('egress', `${name}: ${ON_PURPOSE}`));
    return [way, ...names, skipped('clock', ON_PURPOSE)];
  }
  const wayOut = createWayOut({ ...options, connectTimeoutMs: limitMs });
  const looks = await Promise.all(services.map((service) => look(service, wayOut, limitMs)));
  await wayOut.close();
  return [way, ...looks.map(egressFinding), clockFinding(looks, Date.now())];
}

/** Any answer at all shows the way to be free; what a push service makes of a request without a push is its own affair. */
async function look(service: PushServiceHost, wayOut: WayOut, limitMs: number): Promise<Look> {
  try {
    const signal = AbortSignal.timeout(limitMs);
    const dispatcher = wayOut.to(new URL(service.origin));
    const { statusCode, headers, body } = await request(service.origin, { dispatcher, method: 'HEAD', signal });
    await body.dump();
    return {
      service,
      kind: 'answer',
      status: statusCode,
      date: typeof headers.date === 'string' ? headers.date : null,
    };
  } catch (error) {
    const isTimeout = error instanceof Error && error.name === 'TimeoutError';
    const { hostname } = new URL(service.origin);
    const met: Met = isTimeout ? { kind: 'failure', failure: 'timeout' } : failedAt(hostname, error);
    return { service, kind: 'failure', met };
  }
}

const OFFLINE = 'Is it to be offline, use bellhop doctor --offline.';
const CHECK_TLS =
  'Check this machine’s clock and certificates, and PUSH_CA_FILE. A proxy that opens TLS must be trusted there.';
const FREE_THE_WAY = 'Let outgoing HTTPS (port 443) to this host through the firewall.';

function egressFinding(each: Look): Finding {
  const { name, origin } = each.service;
  const check = 'egress';
  if (each.kind === 'answer') return ok(check, `${name} answers (${origin}, HTTP ${each.status})`);
  const { error } = outcomeOf(each.met);
  const why = isWayOutFailure(each.met.failure) ? `${each.met.failure}: ${error}` : each.met.failure;
  return failed(check, `${name} cannot be reached (${origin}: ${why})`, remedyFor(each.met));
}

/** What mends the way for pushes mends it here; only that nobody tries again. */
function remedyFor(met: Met): string {
  const { failure } = met;
  if (failure === 'tls') return CHECK_TLS;
  if (!isWayOutFailure(failure)) return FREE_THE_WAY;
  const remedy = (outcomeOf(met).remedy ?? '').replace(UNTIL_THE_DEADLINE, '').replace(TRIES_AGAIN, '').trim();
  return failure === 'dns' || failure === 'dns_unavailable' ? `${remedy} ${OFFLINE}` : remedy;
}

const SKEW_LIMIT_MINUTES = 5;

function clockFinding(looks: readonly Look[], nowMs: number): Finding {
  const dates = looks.map((each) =>
    each.kind === 'answer' && each.date !== null ? (parseHttpDate(each.date, nowMs) ?? Number.NaN) : Number.NaN,
  );
  const known = dates.find((each) => Number.isFinite(each));
  if (known === undefined) return skipped('clock', 'no push service told the time');
  const minutes = Math.round((nowMs - known) / 60_000);
  if (Math.abs(minutes) <= SKEW_LIMIT_MINUTES) return ok('clock', 'agrees with the push services');
  return failed(
    'clock',
    `is ${Math.abs(minutes)} minutes ${minutes > 0 ? 'ahead' : 'behind'}: push services refuse what is signed at a wrong time`,
    'Set this machine’s clock by NTP.',
  );
}
