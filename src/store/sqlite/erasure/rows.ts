import type { Erasure } from '../../../domain/erasure/erasure.ts';
import type { Database } from '../file/driver.ts';
import type { SqlValue } from '../file/sql-value.ts';

type ErasureRow = {
  readonly id: string;
  readonly user_digest: string;
  readonly version: number;
  readonly is_to_find: number;
  readonly erasure: string;
};

function toErasure({ id, user_digest: userDigest, version, is_to_find, erasure }: ErasureRow): Erasure {
  const rest = JSON.parse(erasure) as Pick<Erasure, 'untilMs' | 'run' | 'result'>;
  return { id, version, userDigest, isToFind: is_to_find === 1, ...rest };
}

export function readErasures(database: Database, rest: string, values: readonly SqlValue[] = []): readonly Erasure[] {
  return database.all<ErasureRow>(`SELECT * FROM erasures ${rest}`, [...values]).map(toErasure);
}

/** At its version. False where there is one of this digest. */
export function insertErasure(database: Database, erasure: Erasure): boolean {
  const { id, userDigest, version } = erasure;
  return (
    database.run(
      `INSERT INTO erasures (id, user_digest, version, due_at, is_to_find, erasure) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
      [id, userDigest, version, ...columnsOf(erasure)],
    ) > 0
  );
}

/** False where its version had moved on. */
export function updateErasure(database: Database, erasure: Erasure): boolean {
  return (
    database.run(
      'UPDATE erasures SET version = version + 1, due_at = ?, is_to_find = ?, erasure = ? WHERE id = ? AND version = ?',
      [...columnsOf(erasure), erasure.id, erasure.version],
    ) > 0
  );
}

/** See `ErasureStore.addWanted`. Within the commit. */
export function addWanted(database: Database, wanted: readonly Erasure[]): number {
  let added = 0;
  for (const erasure of wanted) {
    if (insertErasure(database, erasure)) added += 1;
    else {
      const [kept] = readErasures(database, 'WHERE user_digest = ?', [erasure.userDigest]);
      if (kept === undefined || kept.untilMs >= erasure.untilMs) continue;
      updateErasure(database, { ...kept, untilMs: erasure.untilMs, isToFind: true });
      added += 1;
    }
  }
  return added;
}

function columnsOf({ untilMs, run, result, isToFind }: Erasure): readonly SqlValue[] {
  return [run?.dueAtMs ?? null, isToFind ? 1 : 0, JSON.stringify({ untilMs, run, result })];
}
