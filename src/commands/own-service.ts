import { createHash, createHmac } from 'node:crypto';
import type { Dispatcher } from 'undici';
import type { ApiKey } from '../access/api-keys.ts';
import type { Config } from '../config/config.ts';
import { heldApiKeys } from '../config/key-files.ts';
import { AppError } from '../domain/app-error.ts';

export type OwnAnswer = Dispatcher.ResponseData;

/** No process listens, so that a command does by itself what it would have asked for. */
const NOBODY = new Set(['ECONNREFUSED', 'EADDRNOTAVAIL', 'ENETUNREACH', 'EHOSTUNREACH']);

/**
 * Asks the Bellhop that runs beside this command, with the settings and the key that it was started with. Null where none
 * listens. Rejects with AppError where it refuses, or where something else listens there.
 */
export async function askOwnService(
  config: Pick<Config, 'host' | 'port' | 'dataDir' | 'apiKeys'>,
  {
    path,
    body,
    method = 'POST',
  }: {
    readonly path: string;
    readonly body: Readonly<Record<string, unknown>> | null;
    readonly method?: 'GET' | 'POST';
  },
): Promise<OwnAnswer | null> {
  const key = heldApiKeys(config).find(({ scopes }) => scopes.includes('manage'));
  const address = addressOf(config);
  const text = body === null ? '' : JSON.stringify(body);
  // The service loads this file, too, and asks nobody.
  const { request } = await import('undici');
  let answer: OwnAnswer;
  try {
    const headers = {
      ...(body === null ? {} : { 'Content-Type': 'application/json' }),
      ...(key === undefined ? {} : signed(key, { method, path, text })),
    };
    // What is asked for may take minutes, in which nothing comes.
    answer = await request(address + path, {
      method,
      headers,
      body: body === null ? null : text,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  } catch (error) {
    const code = (error as { code?: string }).code ?? '';
    if (NOBODY.has(code)) return null;
    throw new AppError('store_unavailable', `What listens at ${address} does not answer (${code}): is it Bellhop?`);
  }
  if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
  throw await refusalOf(answer, address);
}

async function refusalOf(answer: OwnAnswer, address: string): Promise<AppError> {
  const problem = (await answer.body.json().catch(() => null)) as { code?: string; detail?: string } | null;
  const { code, detail } = problem ?? {};
  if (code === undefined || detail === undefined) {
    const what = `What listens at ${address} answered ${answer.statusCode} and is not Bellhop`;
    return new AppError('store_unavailable', `${what}: give this command the PORT and HOST that the service has.`);
  }
  if (answer.statusCode === 401 || answer.statusCode === 403) {
    const remedy =
      'give this command the HMAC_SECRET or API_KEYS that the service has, with a key of the scope manage.';
    return new AppError('insufficient_scope', `The Bellhop at ${address} refuses the key (${detail}): ${remedy}`);
  }
  return new AppError('store_unavailable', detail);
}

function addressOf(config: Pick<Config, 'host' | 'port'>): string {
  const address = ownAddress(config);
  if (address !== null) return address;
  throw new AppError('store_unavailable', 'PORT is 0: give this command the port that the service has.');
}

/**
 * The address at which this machine reaches the service: the loopback one where HOST names all addresses. Null where PORT is 0, since
 * the system chose the port then.
 */
export function ownAddress({ host, port }: Pick<Config, 'host' | 'port'>): string | null {
  if (port === 0) return null;
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

type Signed = { readonly method: string; readonly path: string; readonly text: string };

/** As docs/http.md describes. */
function signed({ id, secret }: ApiKey, { method, path, text }: Signed): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const digest = createHash('sha256').update(text).digest('hex');
  const lines = ['v2', timestamp, '', method, path, '', digest].join('\n');
  const signature = createHmac('sha256', secret).update(lines, 'latin1').digest('hex');
  return { 'X-Key-Id': id, 'X-Timestamp': timestamp, 'X-Signature': signature };
}
