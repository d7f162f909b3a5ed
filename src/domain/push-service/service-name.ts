import type { AllowedHost } from '../subscription/endpoint-policy.ts';
import { pushTargetOf } from './push-target.ts';

/**
 * Names the push service that an origin belongs to, so that what is for the service is not for each name under it: names
 * under `*.notify.windows.com` are without number. It is a known one; or an entry of PUSH_ALLOWED_HOSTS that is a wildcard;
 * or the origin itself.
 */
export function createServiceNames(allowedHosts: readonly AllowedHost[]): (origin: string) => string {
  const wildcards = allowedHosts.map(({ host }) => host).filter((host) => host.startsWith('*.'));
  const named = new Set(allowedHosts.map(({ host }) => host).filter((host) => !host.startsWith('*.')));
  return (origin) => {
    // Deliveries made before origins were kept have none.
    if (origin === '') return '';
    const { hostname, service } = pushTargetOf(origin);
    if (service !== 'other') return service;
    if (named.has(hostname)) return origin;
    return wildcards.find((wildcard) => hostname.endsWith(wildcard.slice(1))) ?? origin;
  };
}
