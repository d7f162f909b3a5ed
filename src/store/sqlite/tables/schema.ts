import { AppError } from '../../../domain/app-error.ts';
import type { Database } from '../file/driver.ts';
import {
  DEAD_KINDS,
  DELIVERIES_OF_A_USER,
  FACTS,
  FIRST_VERSION,
  IDLENESS,
  LANES_AND_QUARANTINE,
  PUSHES_UNDER_WAY,
  SMALL_AUDIENCES,
} from './delivery-schema.ts';
import { EXPERIMENTS } from './experiment-schema.ts';
import {
  AUDIT,
  BULK_ACTION_CLAIMS,
  BULK_ACTIONS,
  ERASURES,
  EVENTS,
  OPERATORS,
  TALLIES,
  WEBHOOKS,
} from './operating-schema.ts';
import {
  LISTS_THAT_STAYED,
  MILESTONES,
  NAMINGS,
  PEOPLE,
  REASONS_OF_LISTS,
  RECEIPTS,
  REQUEST_IDS,
  SCHEDULES,
  TEMPLATES,
  WHEN,
} from './sending-schema.ts';

/** Each brings the schema from its place in the list to the next. Never edited once released. */
export const MIGRATIONS: readonly string[] = [
  FIRST_VERSION,
  FACTS,
  LANES_AND_QUARANTINE,
  SMALL_AUDIENCES,
  IDLENESS,
  PUSHES_UNDER_WAY,
  DELIVERIES_OF_A_USER,
  PEOPLE,
  WHEN,
  OPERATORS,
  TALLIES,
  AUDIT,
  SCHEDULES,
  TEMPLATES,
  BULK_ACTIONS,
  RECEIPTS,
  BULK_ACTION_CLAIMS,
  REQUEST_IDS,
  EVENTS,
  ERASURES,
  WEBHOOKS,
  MILESTONES,
  EXPERIMENTS,
  NAMINGS,
  LISTS_THAT_STAYED,
  DEAD_KINDS,
  REASONS_OF_LISTS,
];

/** Of the files that this Bellhop writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** Whether `migrate` would change a file that an earlier version wrote. */
export function isUpgradeDue(database: Database): boolean {
  const from = versionOf(database);
  return from > 0 && from < MIGRATIONS.length;
}

function versionOf(database: Database): number {
  return database.first<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0;
}

/** Brings the file to this Bellhop's schema. Within the caller's transaction. */
export function migrate(database: Database): void {
  const from = versionOf(database);
  if (from > MIGRATIONS.length) {
    throw new AppError(
      'store_unavailable',
      'A newer Bellhop wrote this data folder: start that version, or a later one.',
      { found: from, known: MIGRATIONS.length },
    );
  }
  for (const script of MIGRATIONS.slice(from)) database.execute(script);
  database.execute(`PRAGMA user_version = ${MIGRATIONS.length}`);
}
