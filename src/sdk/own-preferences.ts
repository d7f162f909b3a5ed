import { authorizedCalls, read } from './authorized-call.ts';
import { BellhopError, type BellhopOptions } from './public.ts';
import { serviceUrl } from './service-url.ts';
import type { BellhopPreferences, Wishes } from './wishes.ts';

/** For a settings page: what the person who is signed in wishes to get, and when. Throws `invalid_options`. */
export function createPreferences(options: Pick<BellhopOptions, 'url' | 'token'>): BellhopPreferences {
  const call = authorizedCalls(serviceUrl(options), options.token);
  return {
    async get() {
      const answer = await call('GET', ownPath);
      return wishesOf(answer.status === 404 && (await isUnknownUser(answer)) ? {} : await read(answer));
    },
    set: async (patch) => wishesOf(await read(await call('PATCH', ownPath, patch))),
  };
}

/** Nothing was said of this person yet, which is no error; whatever else is not found is one. */
async function isUnknownUser(answer: Response): Promise<boolean> {
  const body: unknown = await answer
    .clone()
    .json()
    .catch(() => null);
  return (body as { readonly code?: unknown } | null)?.code === 'user_not_found';
}

function wishesOf({ preferences, quiet_hours, paused_until, time_zone, locale }: Partial<Wishes>): Wishes {
  return {
    preferences: preferences ?? {},
    quiet_hours: quiet_hours ?? null,
    paused_until: paused_until ?? null,
    time_zone: time_zone ?? null,
    locale: locale ?? null,
  };
}

/** Of the user whom the token names. Only Bellhop can tell whether it may be believed. */
function ownPath(token: string): string {
  try {
    const [, claims = ''] = token.split('.');
    const octets = Uint8Array.from(atob(claims.replaceAll('-', '+').replaceAll('_', '/')), (each) =>
      each.charCodeAt(0),
    );
    const { sub } = JSON.parse(new TextDecoder().decode(octets));
    if (typeof sub === 'string' && sub !== '') return `v1/users/${encodeURIComponent(sub)}`;
  } catch {
    // Nor is what names nobody.
  }
  throw new BellhopError('token_failed', 'The token names no user, so it is no subscriber token.');
}
