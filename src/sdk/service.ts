import { BellhopError, type BellhopOptions } from './public.ts';
import { fetchPatiently } from './retry.ts';
import { timeLimit } from './time-limit.ts';

const TOKEN_TIMEOUT_MS = 15_000;

/** What a page asks of Bellhop. Each rejects with BellhopError. */
export type Service = {
  /** The VAPID key to subscribe with, base64url. */
  publicKey(): Promise<string>;
  /** Resolves with the id of the row. */
  register(registration: object): Promise<string>;
  /** Resolves as well where there is no such row any more. */
  remove(subscriptionId: string): Promise<void>;
};

/** `url` ends with a slash. */
export function createService(url: string, token: BellhopOptions['token']): Service {
  const authorized = async (method: string, path: string, body?: object): Promise<Response> => {
    const send = async () => {
      const headers: Record<string, string> = { Authorization: `Bearer ${await tokenOf(token)}` };
      if (body === undefined) return fetchPatiently(url + path, { method, headers });
      headers['Content-Type'] = 'application/json';
      return fetchPatiently(url + path, { method, headers, body: JSON.stringify(body) });
    };
    const answer = await send();
    return answer.status === 401 && typeof token === 'function' ? send() : answer;
  };
  return {
    publicKey: async () => (await read(await fetchPatiently(`${url}v1/push/public-key`))).public_key as string,
    register: async (registration) =>
      (await read(await authorized('POST', 'v1/subscriptions', registration))).id as string,
    async remove(subscriptionId) {
      const answer = await authorized('DELETE', `v1/subscriptions/${subscriptionId}`);
      if (answer.status !== 404) await read(answer);
    },
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

/** The JSON of a good answer; empty where there is none. */
async function read(answer: Response): Promise<Record<string, unknown>> {
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
