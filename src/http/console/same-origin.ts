import { AppError } from '../../domain/app-error.ts';
import { isLoopbackHost } from '../../domain/loopback.ts';
import type { ApiContext } from '../kit/request-context.ts';

const FOREIGN = 'What changes something is taken from the console’s own pages only: open the console and try again.';
const PLAIN =
  'The console takes sign-ins over https, or under the name localhost or 127.0.0.1 on the machine itself. Put a proxy with TLS in front (docs/production.md).';

/**
 * Refuses a form that another origin's page sent, also one of a sibling site, which cookies alone would let in. Browsers say with
 * everything posted where it comes from (`Origin`), and nearly all a second time (`Sec-Fetch-Site`): both must say so.
 */
export function demandOwnOrigin(c: ApiContext): void {
  const origin = c.req.header('origin') ?? '';
  const host = c.req.header('host') ?? '';
  const site = c.req.header('sec-fetch-site') ?? 'same-origin';
  if (!URL.canParse(origin) || new URL(origin).host !== host || site !== 'same-origin') {
    throw new AppError('not_same_origin', FOREIGN);
  }
  if (new URL(origin).protocol !== 'https:' && !isLoopbackHost(host)) throw new AppError('not_same_origin', PLAIN);
}
