import type { OperatorRole, OperatorSession, SignInLink } from '../../../domain/operator/operator.ts';
import type { OperatorStore } from '../../operator-store.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';

type LinkRow = {
  readonly digest: string;
  readonly name: string;
  readonly role: OperatorRole;
  readonly expires_at: number;
};
type SessionRow = LinkRow & { readonly created_at: number; readonly key_id: string | null };

/** Writes go as deletions do, so that one can sign in while the disk is full: that is when somebody looks. */
export function sqliteOperators(database: Database, commits: GroupCommit): OperatorStore {
  return {
    addLink: (link) => commits.erase(1, () => addLink(database, link)),
    findLink: (digest, nowMs) => commits.read(() => readLink(database, digest, nowMs)),
    takeLink: (digest, nowMs) =>
      commits.erase(1, () => {
        const link = readLink(database, digest, nowMs);
        database.run('DELETE FROM sign_in_links WHERE digest = ?', [digest]);
        return link;
      }),
    addSession: (session) => commits.erase(1, () => addSession(database, session)),
    findSession: (digest, nowMs) => commits.read(() => readSession(database, digest, nowMs)),
    endSession: (digest) =>
      commits.erase(1, () => {
        database.run('DELETE FROM operator_sessions WHERE digest = ?', [digest]);
      }),
    endAll: () =>
      commits.erase(1, () => {
        database.run('DELETE FROM sign_in_links', []);
        return database.run('DELETE FROM operator_sessions', []);
      }),
  };
}

function addLink(database: Database, { digest, name, role, expiresAtMs }: SignInLink): void {
  database.run('INSERT INTO sign_in_links (digest, name, role, expires_at) VALUES (?, ?, ?, ?)', [
    digest,
    name,
    role,
    expiresAtMs,
  ]);
}

function readLink(database: Database, digest: string, nowMs: number): SignInLink | null {
  const row = database.first<LinkRow>('SELECT * FROM sign_in_links WHERE digest = ? AND expires_at > ?', [
    digest,
    nowMs,
  ]);
  return row === undefined ? null : { digest: row.digest, name: row.name, role: row.role, expiresAtMs: row.expires_at };
}

function addSession(database: Database, session: OperatorSession): void {
  const { digest, name, role, createdAtMs, expiresAtMs, keyId } = session;
  database.run(
    'INSERT INTO operator_sessions (digest, name, role, created_at, expires_at, key_id) VALUES (?, ?, ?, ?, ?, ?)',
    [digest, name, role, createdAtMs, expiresAtMs, keyId],
  );
}

function readSession(database: Database, digest: string, nowMs: number): OperatorSession | null {
  const row = database.first<SessionRow>('SELECT * FROM operator_sessions WHERE digest = ? AND expires_at > ?', [
    digest,
    nowMs,
  ]);
  if (row === undefined) return null;
  const { name, role, created_at: createdAtMs, expires_at: expiresAtMs, key_id: keyId } = row;
  return { digest: row.digest, name, role, createdAtMs, expiresAtMs, keyId };
}
