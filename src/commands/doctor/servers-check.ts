import type { Config } from '../../config/config.ts';
import { AppError } from '../../domain/app-error.ts';
import { type Finding, failed, ok, skipped } from '../../domain/finding.ts';
import { preflightRedis } from '../../queue/redis/redis-preflight.ts';
import { describeMongo } from '../../store/mongodb/server/connection.ts';

const NOT_CONFIGURED = 'not configured: the embedded default needs none';

/** Whether MongoDB and Redis answer, where they are set. Their own errors say what to mend, and hold no password. */
export async function checkServers(config: Config): Promise<readonly Finding[]> {
  return Promise.all([checkMongo(config), checkRedis(config)]);
}

async function checkMongo({ mongodbUrl: url, mongodbCa }: Config): Promise<Finding> {
  if (url === null) return skipped('MongoDB', NOT_CONFIGURED);
  try {
    const { version, isReplicaSet } = await describeMongo(url, mongodbCa);
    const what = `version ${version}, ${isReplicaSet ? 'a replica set' : 'standalone'}`;
    if (Number.parseFloat(version) >= 4.4) return ok('MongoDB', `answers: ${what}`);
    return failed('MongoDB', `answers, but is too old: ${what}`, 'Bellhop needs MongoDB 4.4 or newer.');
  } catch (error) {
    return failed(
      'MongoDB',
      wordsOf(error),
      'Check MONGODB_URL and MONGODB_CA_FILE, and that this machine may connect there.',
    );
  }
}

async function checkRedis({ redisUrl: url, redisCa }: Config): Promise<Finding> {
  if (url === null) return skipped('Redis', NOT_CONFIGURED);
  try {
    const found = await preflightRedis(url, redisCa);
    if (found === 'ready') return ok('Redis', 'takes writes, and is one that Bellhop can use');
    if (found !== 'away') return failed('Redis', found.fault, 'Until then nothing is sent.');
    return failed('Redis', 'nothing answers there', 'Start it, or mend REDIS_URL. Until then nothing is sent.');
  } catch (error) {
    return failed('Redis', wordsOf(error), 'Check REDIS_URL, its user and password, and REDIS_CA_FILE.');
  }
}

function wordsOf(error: unknown): string {
  return error instanceof AppError ? error.message : 'it refuses in a way that is not known';
}
