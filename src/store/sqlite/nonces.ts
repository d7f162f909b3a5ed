import type { NonceStore } from '../nonce-store.ts';
import type { Database } from './file/driver.ts';
import type { GroupCommit } from './file/group-commit.ts';

export function sqliteNonces(database: Database, commits: GroupCommit): NonceStore {
  const sql = 'INSERT INTO nonces (nonce, expires_at) VALUES (?, ?) ON CONFLICT (nonce) DO NOTHING';
  return {
    use(nonce, expiresAtMs, { addsNothing = false } = {}) {
      const use = (): boolean => database.run(sql, [nonce, expiresAtMs]) > 0;
      return addsNothing ? commits.erase(1, use) : commits.write(1, use);
    },
  };
}
