import { systemClock } from '../../../src/clock.ts';
import { openMongoStore } from '../../../src/store/mongodb/mongodb-store.ts';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../src/store/store.ts';

/** Where people are kept: in an embedded file, or in a database of MongoDB. */
export type Place = { readonly path: string } | { readonly mongodbUrl: string };

/** The store there, by the adapter that the service has. */
export function openStore(place: Place): Promise<Store> {
  return 'path' in place
    ? openSqliteStore({ path: place.path, clock: systemClock })
    : openMongoStore({ url: place.mongodbUrl, clock: systemClock, retentionDays: 90, alone: null });
}
