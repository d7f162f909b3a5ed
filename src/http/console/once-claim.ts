import { AppError } from '../../domain/app-error.ts';
import type { IdempotencyClaim } from '../../intake/accepting.ts';
import type { Form, Visit } from './console-routes.ts';

const ONCE = /^[0-9a-f-]{36}$/;

/**
 * A button that is pressed twice sends once: each form has a word of its own for it, `once`. What it is about stands in for the body
 * that an API call has.
 */
export function onceClaim({ c, session }: Visit, form: Form, ...names: readonly string[]): IdempotencyClaim {
  const key = form.get('once');
  if (!ONCE.test(key)) throw new AppError('invalid_request', 'This form was not whole. Open the page and try again.');
  const about = JSON.stringify(names.map((name) => form.get(name)));
  // No id of an API key has a space.
  const keyId = `console ${session.name}`;
  return { keyId, key, method: 'POST', path: c.req.path, rawBody: new TextEncoder().encode(about) };
}
