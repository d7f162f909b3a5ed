import { describe, it } from 'vitest';
import { findRedisServer } from '../../scripts/servers/redis-server.ts';

/** Declares the suite where a redis-server is to be had; else one skipped test says what is missing. Never skips on CI. */
export function describeWithRedis(name: string, declare: () => void): void {
  const found = findRedisServer();
  if ('reason' in found && process.env.CI !== 'true') describe(name, () => it.skip(`skipped: ${found.reason}`));
  else describe(name, declare);
}
