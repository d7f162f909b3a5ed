import { BellhopError, type BellhopOptions } from './public.ts';
import { fetchPatiently } from './retry.ts';
import { timeLimit } from './time-limit.ts';

const TOKEN_TIMEOUT_MS = 15_000;

/** One call with a token of whoever is signed in. `pathOf` is given the token. Rejects with BellhopError where there is no answer. */
export type AuthorizedCall = (method: string, pathOf: (token: string) => string, body?: object) => Promise<Response>;

/** Makes a call once more, with another token, where one is refused (401). `url` ends with a slash. */
export function authorizedCalls(url: string, token: BellhopOptions['token']): AuthorizedCall {
  return async (method, pathOf, body) => {
    const send = async () => {
      const given = await tokenOf(token);
      const headers: Record<string, string> = { Authorization: `Bearer ${given}` };
      if (body === undefined) return fetchPatiently(url + pathOf(given), { method, headers });
      headers['Content-Type'] = 'application/json';
      return fetchPatiently(url + pathOf(given), { method, headers, body: JSON.stringify(body) });
    };
    const answer = await send();
    return answer.status === 401 && typeof token === 'function' ? send() : answer;
  };
}

async function tokenOf(token: BellhopOptions['token']): Promise<string> {
  try {
    const given = typeof token === 'function' ? await Promise.race([token(), timeLimit(TOKEN_TIMEOUT_MS)]) : token;
    const trimmed = String(given).trim();
    // A page that asks for a sign-in is text, too, and what a header cannot hold looks like a network error.
    if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(trimmed)) return trimmed;
  } catch (cause) {
    throw new BellhopError('token_failed', 'The token callback failed.', { cause });
  }
  throw new BellhopError('token_failed', 'token gave no subscriber token: it must be its string alone.');
}

/** The JSON of a good answer; empty where there is none. Rejects with what another one says. */
export async function read(answer: Response): Promise<Record<string, unknown>> {
  const body = (await answer.json().catch(() => ({}))) as Record<string, unknown>;
  if (answer.ok) return body;
  const { detail = `Bellhop answers ${answer.status}.`, issues } = body;
  throw new BellhopError(
    answer.status === 401 ? 'token_refused' : 'service_refused',
    [detail, ...sentencesOf(issues)].join(' '),
    { status: answer.status, ...(typeof body.code === 'string' ? { serviceCode: body.code } : {}) },
  );
}

/** Which field of a request has what problem (`invalid_request`). */
function sentencesOf(issues: unknown): string[] {
  return Array.isArray(issues) ? issues.map(({ path, message }) => `${path}: ${message}.`) : [];
}
