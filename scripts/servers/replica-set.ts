import { setTimeout as wait } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { type Mongod, startMongod } from './mongod.ts';

/** Servers that hold the same data, of which one at a time is the primary. */
export type ReplicaSet = {
  readonly url: string;
  readonly members: readonly Mongod[];
  /** The member that takes writes now. Rejects where there is none within half a minute. */
  primary(): Promise<Mongod>;
  stop(): Promise<void>;
};

export type ReplicaSetOptions = {
  /** Three by default. */
  readonly members?: number;
  /** More arguments for each `mongod`. */
  readonly args?: readonly string[];
};

const PRIMARY_WITHIN_MS = 30_000;
const ASK_AGAIN_MS = 50;

/** Starts the members and resolves when one is primary. */
export async function startReplicaSet({ members: count = 3, args = [] }: ReplicaSetOptions = {}): Promise<ReplicaSet> {
  const members = await Promise.all(
    Array.from({ length: count }, () => startMongod({ args: ['--replSet', 'rs0', ...args] })),
  );
  const hosts = members.map(({ port }) => `127.0.0.1:${port}`);
  const set: ReplicaSet = {
    url: `mongodb://${hosts.join(',')}/?replicaSet=rs0`,
    members,
    primary: () => findPrimary(members),
    async stop() {
      await Promise.all(members.map((member) => member.stop()));
    },
  };
  try {
    // The usual ten seconds would only make tests slow.
    const settings = { electionTimeoutMillis: 2000, heartbeatIntervalMillis: 500 };
    const config = { _id: 'rs0', settings, members: hosts.map((host, index) => ({ _id: index, host })) };
    await onMember(members[0], (client) => client.db('admin').command({ replSetInitiate: config }));
    await set.primary();
    return set;
  } catch (error) {
    await set.stop();
    throw error;
  }
}

async function findPrimary(members: readonly Mongod[]): Promise<Mongod> {
  const untilMs = Date.now() + PRIMARY_WITHIN_MS;
  while (Date.now() < untilMs) {
    for (const member of members) if (await isPrimary(member)) return member;
    await wait(ASK_AGAIN_MS);
  }
  throw new Error('the replica set has no primary');
}

function isPrimary(member: Mongod): Promise<boolean> {
  return onMember(member, (client) => client.db('admin').command({ hello: 1 })).then(
    ({ isWritablePrimary }) => isWritablePrimary === true,
    () => false,
  );
}

async function onMember<Value>(
  member: Mongod | undefined,
  ask: (client: MongoClient) => Promise<Value>,
): Promise<Value> {
  const options = { directConnection: true, serverSelectionTimeoutMS: 1000, connectTimeoutMS: 1000 };
  const client = new MongoClient(member?.url ?? '', { ...options, socketTimeoutMS: 5000 });
  try {
    return await ask(client);
  } finally {
    await client.close();
  }
}
