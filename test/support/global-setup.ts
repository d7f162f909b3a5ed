import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findMongod } from '../../scripts/servers/mongod-binary.ts';
import { findRedisServer } from '../../scripts/servers/redis-server.ts';

/**
 * Builds the service once before the tests that run it as a process: they must never test an older build. Says which
 * servers the tests run on; a mongod that has to be fetched is fetched here, once.
 */
export async function setup(): Promise<void> {
  if (process.env.BUILT_ALREADY === 'true') return;
  const root = fileURLToPath(new URL('../..', import.meta.url));
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
  const mongod = await findMongod();
  const redis = findRedisServer();
  process.stdout.write(`mongod: ${'reason' in mongod ? mongod.reason : `${mongod.version}, ${mongod.source}`}\n`);
  process.stdout.write(`redis-server: ${'reason' in redis ? redis.reason : redis.path}\n`);
}
