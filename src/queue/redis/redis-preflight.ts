import { Redis } from 'ioredis';
import { AppError } from '../../domain/app-error.ts';
import { codesOf, tlsFaultOf } from '../../domain/tls-fault.ts';

const CONNECT_LIMIT_MS = 2000;

/** What Redis answers where it refuses this user: wrong password, missing right, no such database. */
const REFUSALS = /^(WRONGPASS|NOAUTH|NOPERM|ERR (invalid password|Client sent AUTH|AUTH|DB index|invalid DB))/;

/**
 * Asks Redis once whether it takes this user. `away` where Redis does not answer in time, which passes. Where Redis refuses,
 * this rejects with AppError `store_unavailable`, in one sentence without the URL: bee-queue would crash on a refusal. So it
 * does where TLS fails, which waiting does not mend. `ca`: the authorities to trust, where not the well-known ones alone.
 */
export async function preflightRedis(url: string, ca: readonly string[] | null = null): Promise<'ready' | 'away'> {
  const refusals: string[] = [];
  const codes: string[] = [];
  const note = (error: unknown): void => {
    codes.push(...codesOf(error));
    if (error instanceof Error && REFUSALS.test(error.message)) refusals.push(error.message);
  };
  const client = new Redis(url, {
    ...(ca === null ? {} : { tls: { ca: [...ca] } }),
    lazyConnect: true,
    connectTimeout: CONNECT_LIMIT_MS,
    commandTimeout: CONNECT_LIMIT_MS,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    retryStrategy: () => null,
  });
  client.on('error', note);
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    note(error);
    if (refusals.length === 0) {
      const fault = tlsFaultOf(codes, 'REDIS_CA_FILE', 'REDIS_URL');
      if (fault !== null) throw new AppError('store_unavailable', `Redis ${fault}`, {}, error);
      return 'away';
    }
  } finally {
    client.disconnect();
  }
  if (refusals.length === 0) return 'ready';
  throw new AppError(
    'store_unavailable',
    'Redis refuses the user, the password or the database number of REDIS_URL: mend it.',
    {},
    new Error(refusals[0]),
  );
}
