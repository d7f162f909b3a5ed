import type { Fault, Profile, PushRequest } from './profile.ts';
import { checkVapid, type VapidFacts } from './vapid-check.ts';

export type RequestCheck = { readonly fault: Fault | null; readonly vapid: VapidFacts | null };

/**
 * What a request is judged by. `audience` is the service's own origin; `requiredKey` is the VAPID key of the subscription,
 * null when it was made with none.
 */
export type Expectation = {
  readonly profile: Profile;
  readonly audience: string;
  readonly requiredKey: string | null;
  readonly nowMs: number;
};

export const UNKNOWN_DEVICE: Fault = { kind: 'unknown_device', message: 'Invalid URL endpoint' };

/**
 * Judges a request as a push service does before it looks at what its device does: RFC 8030 for the headers, RFC 8292
 * for the signature, and the service's own limits for both.
 */
export function checkRequest(request: PushRequest, expected: Expectation): RequestCheck {
  const { profile } = expected;
  if (request.method !== 'POST') return refusal({ kind: 'method', message: 'Method not allowed' });
  const headerFault = profile.headerFault(request);
  if (headerFault !== null && profile.judgesFirst === 'headers') return refusal(headerFault);
  const { fault, vapid } = checkToken(request, expected);
  return { fault: fault ?? headerFault, vapid };
}

function checkToken({ headers }: PushRequest, { profile, audience, requiredKey, nowMs }: Expectation): RequestCheck {
  const vapid = checkVapid(headers, { audience, nowMs, rules: profile.vapid });
  if (vapid.kind === 'fault') return refusal(vapid.fault);
  const { facts } = vapid;
  if (requiredKey === null || facts.publicKey === requiredKey) return { fault: null, vapid: facts };
  return { fault: { kind: 'other_key', message: 'VAPID public key mismatch' }, vapid: facts };
}

function refusal(fault: Fault): RequestCheck {
  return { fault, vapid: null };
}
