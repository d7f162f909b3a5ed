import { createECDH } from 'node:crypto';
import { join } from 'node:path';
import { EMBEDDED_PACE, MONGODB_PACE } from '../../../src/service/backends.ts';
import { startChild } from '../child.ts';
import type { BenchServers } from '../deliveries.ts';
import { makeFolder } from '../service-under-test.ts';
import type { Sink } from '../sink.ts';
import { type EveryoneCost, measureEveryone } from './everyone.ts';
import type { LookQuestion, LookReply } from './look-process.ts';
import type { Place } from './place.ts';
import type { PeopleSeed } from './seed-process.ts';
import { measureWriting, type WritingFigures } from './writing.ts';

/** One store with so many people. */
export type ReachFigures = LookReply & {
  readonly store: string;
  readonly users: number;
  readonly writing: WritingFigures;
  readonly everyone: EveryoneCost;
};

export type ReachOptions = {
  readonly sink: Sink;
  readonly servers: BenchServers | null;
  readonly rounds: number;
  /** With five tags and a device each. */
  readonly users: number;
  /** First pages of each audience. */
  readonly repeats: number;
  /** Registrations of a round, and users given a tag. */
  readonly written: number;
  /** Pushes of a round, to everyone and to the same users by name. */
  readonly pushes: number;
};

/** A store as it is before it has anybody, and what the service is told of it. */
type EmptyStore = {
  readonly place: Place;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
};

/** The ways through: one tag, none that shortens it, every built-in term, and all. */
const AUDIENCES = [
  'plan:1',
  'even && odd',
  '!trial',
  'beta && !(trial || churned)',
  '@service:apple && plan:1',
  '@zone:Europe/Berlin',
  '@idle:60d',
  '#testers',
  'city:1 || city:2 || city:3',
  'nobody-has-it',
  'everyone',
];
const SEGMENTS = { testers: 'beta && !trial' };

/** What it costs to find, to say things of, and to reach very many people. */
export async function measureReach(options: ReachOptions): Promise<readonly ReachFigures[]> {
  const embedded = await measureStore('embedded', EMBEDDED_PACE.fanOutPageSize, emptyFile, options);
  const { servers } = options;
  if (servers === null) return [embedded];
  const emptyDatabase = (): EmptyStore => {
    const mongodbUrl = servers.mongodbUrl();
    const environment = { ...KEYS.environment, MONGODB_URL: mongodbUrl };
    return { place: { mongodbUrl }, folder: makeFolder(), environment };
  };
  return [embedded, await measureStore('MongoDB', MONGODB_PACE.fanOutPageSize, emptyDatabase, options)];
}

/** Those of all who are seeded subscribed with this key. */
const KEYS = vapidKeys();

function emptyFile(): EmptyStore {
  const folder = makeFolder();
  return { place: { path: join(folder, 'data', 'bellhop.db') }, folder, environment: KEYS.environment };
}

async function measureStore(
  store: string,
  pageSize: number,
  empty: () => EmptyStore,
  options: ReachOptions,
): Promise<ReachFigures> {
  const { users, repeats } = options;
  const [known, unknown] = [empty(), empty()];
  const seed = { users, vapidPublicKey: KEYS.publicKey };
  await seedPeople({ ...seed, place: known.place, hasPeople: true });
  await seedPeople({ ...seed, place: unknown.place, hasPeople: false });
  const child = await startChild('reach/look-process.ts');
  const question: LookQuestion = {
    place: known.place,
    serverPid: 'path' in known.place ? null : (options.servers?.mongodPid() ?? null),
    users,
    audiences: AUDIENCES,
    segments: SEGMENTS,
    pageSize,
    repeats,
  };
  const looked = await child.ask<LookReply>(question);
  await child.stop();
  // A run of a million takes the better part of an hour: what it has is not lost with what comes after.
  tell(store, looked);
  const writing = await measureWriting({ ...options, known, unknown });
  tell(store, writing);
  const everyone = await measureEveryone({
    ...options,
    empty: empty(),
    seed: seedPeople,
    vapidPublicKey: KEYS.publicKey,
  });
  tell(store, everyone);
  return { store, users, ...looked, writing, everyone };
}

function tell(store: string, figures: object): void {
  process.stderr.write(`${store}: ${JSON.stringify(figures)}\n`);
}

async function seedPeople(seed: PeopleSeed): Promise<void> {
  const child = await startChild('reach/seed-process.ts');
  await child.ask(seed);
  await child.stop();
}

function vapidKeys() {
  const curve = createECDH('prime256v1');
  const publicKey = curve.generateKeys().toString('base64url');
  // Without its leading zeros, which it has now and then.
  const privateKey = Buffer.concat([Buffer.alloc(32), curve.getPrivateKey()])
    .subarray(-32)
    .toString('base64url');
  return { publicKey, environment: { VAPID_PUBLIC_KEY: publicKey, VAPID_PRIVATE_KEY: privateKey } };
}
