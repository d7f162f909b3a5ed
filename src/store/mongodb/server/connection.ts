import { type Db, MongoClient, type MongoClientOptions, MongoServerSelectionError } from 'mongodb';
import { AppError } from '../../../domain/app-error.ts';
import { codesOf, tlsFaultOf } from '../../../domain/tls-fault.ts';
import { toStorageError } from './mongo-error.ts';

/** Long enough for a round trip to anywhere, short enough for a caller who waits. */
const SERVER_SELECTION_MS = 3000;
const SOCKET_MS = 5000;
const HEARTBEAT_MS = 1000;

const DEFAULT_DATABASE = 'bellhop';

const OPTIONS: MongoClientOptions = {
  appName: 'bellhop',
  serverSelectionTimeoutMS: SERVER_SELECTION_MS,
  // A primary that says it steps down is unknown until the driver looks again: no later than a caller waits.
  heartbeatFrequencyMS: HEARTBEAT_MS,
  connectTimeoutMS: SERVER_SELECTION_MS,
  socketTimeoutMS: SOCKET_MS,
  waitQueueTimeoutMS: SOCKET_MS,
  maxPoolSize: 50,
  retryReads: true,
  // Where the topology has them; the driver leaves them out on a standalone server.
  retryWrites: true,
  // Accepted means durable, also when the primary is lost.
  writeConcern: { w: 'majority', journal: true, wtimeoutMS: SOCKET_MS },
  readPreference: 'primary',
};

/** For what takes as long as it takes: an index on what is there already, a minute for millions of documents. */
const PATIENT: MongoClientOptions = { ...OPTIONS, socketTimeoutMS: 0, writeConcern: { w: 'majority', journal: true } };

/** Does something that may take long, on a connection of its own. */
export async function withPatience(
  url: string,
  ca: readonly string[] | null,
  work: (database: Db) => Promise<void>,
): Promise<void> {
  const client = makeClient(url, ca, PATIENT);
  try {
    await work(client.db(nameIn(url)));
  } finally {
    await client.close().catch(() => {});
  }
}

/**
 * Connects, and asks whether the server answers and takes this user. Rejects with AppError `store_unavailable`, in one
 * sentence that says what to mend and holds no part of the URL but its hosts. `ca`: the certificate authorities to trust,
 * where not the well-known ones alone.
 */
export async function connectMongo(
  url: string,
  ca: readonly string[] | null = null,
): Promise<{ client: MongoClient; databaseName: string }> {
  const client = makeClient(url, ca);
  const databaseName = nameIn(url);
  try {
    await client.connect();
    await client.db(databaseName).collection('meta').countDocuments({}, { limit: 1 });
    return { client, databaseName };
  } catch (error) {
    await client.close().catch(() => {});
    throw startError(error, client);
  }
}

/**
 * Which MongoDB answers. Rejects as `connectMongo` does, and where it takes no write: it is asked to set what Bellhop's own
 * readiness has set before, and nothing where Bellhop never ran.
 */
export async function describeMongo(
  url: string,
  ca: readonly string[] | null = null,
): Promise<{ readonly version: string; readonly isReplicaSet: boolean }> {
  const { client, databaseName } = await connectMongo(url, ca);
  try {
    const database = client.db(databaseName);
    const [{ version }, { setName }] = await Promise.all([
      database.command({ buildInfo: 1 }),
      database.command({ hello: 1 }),
      database.collection<{ _id: string }>('meta').updateOne({ _id: 'ping' }, { $set: { atMs: Date.now() } }),
    ]);
    return { version: String(version), isReplicaSet: setName !== undefined };
  } catch (error) {
    throw toStorageError(error);
  } finally {
    await client.close();
  }
}

function makeClient(url: string, ca: readonly string[] | null, options = OPTIONS): MongoClient {
  try {
    return new MongoClient(url, ca === null ? options : { ...options, ca: [...ca] });
  } catch (error) {
    // The driver's own words may repeat the URL, and its errors are of many kinds.
    throw new AppError(
      'store_unavailable',
      'MONGODB_URL is not one that the MongoDB driver takes: write mongodb://user:password@host:27017/bellhop, with special characters percent-encoded.',
      {},
      error,
    );
  }
}

function nameIn(url: string): string {
  return /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(url)?.[1] ?? DEFAULT_DATABASE;
}

function startError(error: unknown, client: MongoClient): unknown {
  const storage = toStorageError(error);
  if (!(storage instanceof AppError)) return error;
  const hosts = client.options.hosts.map(String).join(', ');
  const isAuth = storage.message.includes('refuses');
  const fault = tlsFaultOf(serverCodesOf(error), 'MONGODB_CA_FILE', 'MONGODB_URL');
  if (fault !== null) return new AppError('store_unavailable', `MongoDB at ${hosts} ${fault}`, {}, error);
  return isAuth
    ? storage
    : new AppError(
        'store_unavailable',
        `No MongoDB answers at ${hosts} (MONGODB_URL): start it, or mend the URL.`,
        {},
        error,
      );
}

/** A selection that found no server has the reason with each server that it tried. */
function serverCodesOf(error: unknown): readonly string[] {
  const servers = error instanceof MongoServerSelectionError ? [...(error.reason?.servers.values() ?? [])] : [];
  return [error, ...servers.map((server) => server.error)].flatMap((each) => codesOf(each));
}
