import { Redis } from 'ioredis';
import { AppError } from '../../domain/app-error.ts';
import { redisFaultOf } from '../../domain/redis-fault.ts';
import { codesOf, tlsFaultOf } from '../../domain/tls-fault.ts';

const CONNECT_LIMIT_MS = 2000;

/** What Redis answers where it refuses this user: wrong password, no such database. */
const REFUSALS = /^(WRONGPASS|NOAUTH|ERR (invalid password|Client sent AUTH|AUTH|DB index|invalid DB))/;

/** What a first look at Redis showed. `fault` says why it takes no writes now, and what to do. */
export type Preflight = 'ready' | 'away' | { readonly fault: string };

/**
 * Asks Redis once whether it takes this user, and a write. `away` where Redis does not answer in time, which passes, as a fault may.
 * Where Redis refuses for good, this rejects with AppError `store_unavailable`, in one sentence without the URL. So it does where
 * TLS fails, which waiting does not mend. `ca`: the authorities to trust, where not the well-known ones alone.
 */
export async function preflightRedis(url: string, ca: readonly string[] | null = null): Promise<Preflight> {
  const errors: unknown[] = [];
  const client = new Redis(url, {
    ...(ca === null ? {} : { tls: { ca: [...ca] } }),
    lazyConnect: true,
    connectTimeout: CONNECT_LIMIT_MS,
    commandTimeout: CONNECT_LIMIT_MS,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    retryStrategy: () => null,
  });
  client.on('error', (error) => errors.push(error));
  try {
    await client.connect();
    await tryWrite(client);
  } catch (error) {
    errors.push(error);
  } finally {
    client.disconnect();
  }
  return judge(errors);
}

/** Leaves nothing behind. A cluster shows by the second command, whose keys lie on several nodes there. */
async function tryWrite(client: Redis): Promise<void> {
  await client.set('bellhop:ping', 1, 'PX', CONNECT_LIMIT_MS);
  await client.del('bellhop:ping', 'bellhop:ping:elsewhere');
}

function judge(errors: readonly unknown[]): Preflight {
  const refusal = errors.find((error) => error instanceof Error && REFUSALS.test(error.message));
  if (refusal !== undefined) {
    const words = 'Redis refuses the user, the password or the database number of REDIS_URL: mend it.';
    throw new AppError('store_unavailable', words, {}, refusal);
  }
  const fault = errors.map(redisFaultOf).find((each) => each !== null);
  if (fault?.isForGood) throw new AppError('store_unavailable', fault.words, {}, errors[0]);
  if (fault !== undefined) return { fault: fault.words };
  const tlsFault = tlsFaultOf(
    errors.flatMap((error) => codesOf(error)),
    'REDIS_CA_FILE',
    'REDIS_URL',
  );
  if (tlsFault !== null) throw new AppError('store_unavailable', `Redis ${tlsFault}`, {}, errors[0]);
  return errors.length === 0 ? 'ready' : 'away';
}
