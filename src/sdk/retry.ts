import { BellhopError } from './public.ts';

const ATTEMPTS = 4;
const FIRST_WAIT_MS = 1000;
/** Nobody watches a button for longer; what the service asks for beyond this is left to the next page load. */
const LONGEST_WAIT_MS = 15_000;
const ATTEMPT_TIMEOUT_MS = 10_000;

/**
 * The one retry policy: network errors, 429 and 5xx, four attempts, waits of up to 1, 2 and 4 s drawn at random, or
 * what `Retry-After` says. Any other answer is returned. Rejects with `service_unavailable`.
 */
export async function fetchPatiently(url: string, init: RequestInit = {}): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(ATTEMPT_TIMEOUT_MS) }).catch(
      (error: unknown) => ({ error }),
    );
    if (answer instanceof Response && answer.status !== 429 && answer.status < 500) return answer;
    const waitMs =
      (answer instanceof Response && retryAfterMs(answer)) || Math.random() * FIRST_WAIT_MS * 2 ** (attempt - 1);
    if (attempt === ATTEMPTS || waitMs > LONGEST_WAIT_MS) throw unavailable(answer);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

/** Seconds, whole or not, or an HTTP date (RFC 9110 section 10.2.3); 0 where there is none. */
function retryAfterMs({ headers }: Response): number {
  const value = headers.get('Retry-After') ?? '';
  const seconds = Number.parseFloat(value);
  return Math.max(0, seconds >= 0 ? seconds * 1000 : Date.parse(value) - Date.now()) || 0;
}

function unavailable(answer: Response | { error: unknown }): BellhopError {
  return answer instanceof Response
    ? new BellhopError('service_unavailable', `Bellhop answers ${answer.status}. Try again later.`, answer)
    : new BellhopError(
        'service_unavailable',
        'Bellhop cannot be reached. Is its url right, and is the origin of this page in CORS_ALLOWED_ORIGINS?',
        { cause: answer.error },
      );
}
