import { randomBytes } from 'node:crypto';
import { ERASURE_KEY_FACT } from '../../../domain/erasure/digests.ts';
import { type Erasure, wantedErasure } from '../../../domain/erasure/erasure.ts';
import { readFact, replaceFact } from '../facts.ts';
import type { Database } from '../file/driver.ts';
import { appendToList, listPathOf, makeList, moveListAway, readList } from './list-file.ts';
import { addWanted, readErasures } from './rows.ts';

/** Before an erasure begins. */
export function keepInList(database: Database, erasure: Erasure): void {
  const path = listPathOf(database.path);
  const key = readFact(database, ERASURE_KEY_FACT);
  if (key !== null) makeList(path, () => ({ key, erasures: readErasures(database, '') }));
  appendToList(path, erasure);
}

/**
 * At the start, within its commit: the key is there from the first one on, so that each backup has it, and what the list has and the store
 * has not is to be found and erased again: the store was restored from a backup.
 */
export function heedList(database: Database, nowMs: number, warn: (text: string) => void): void {
  const path = listPathOf(database.path);
  const list = readList(path);
  const key = readFact(database, ERASURE_KEY_FACT);
  if (list === null || (key !== null && key !== list.key)) {
    if (key === null) replaceFact(database, ERASURE_KEY_FACT, randomBytes(32).toString('base64url'));
    if (list !== null)
      warn(`the erasures in ${path} are of another store: they are kept in ${moveListAway(path, nowMs)}`);
    return;
  }
  // A backup from before there were erasures.
  if (key === null) replaceFact(database, ERASURE_KEY_FACT, list.key);
  const added = addWanted(database, list.erasures.map(wantedErasure));
  if (added > 0) warn(`${added} people were erased after what this store has: they are being erased again`);
}
