/** Why a Redis that answers does not do what it was asked. */
export type RedisFault = {
  /** A sentence that says what is wrong and what to do. */
  readonly words: string;
  /**
   * Whether a connection made anew may reach a server that does it: behind a stable address another one may be the primary by
   * now, and the one that was asked would go on refusing.
   */
  readonly isElsewhere: boolean;
  /** Whether it stays so until a person mends the settings of Bellhop or Redis. */
  readonly isForGood: boolean;
};

const REPLICA =
  'Redis is a read-only replica: have REDIS_URL lead to the primary. Bellhop connects again until it gets there.';
const CLUSTER =
  'REDIS_URL leads to a Redis Cluster, where a job’s keys would lie on several nodes: give Bellhop one server, with replicas if you like.';
const CREDENTIALS =
  'Redis does not take the user and the password of REDIS_URL: mend it and restart Bellhop, or have Redis take them again.';

const elsewhere = (words: string): RedisFault => ({ words, isElsewhere: true, isForGood: false });
const passing = (words: string): RedisFault => ({ words, isElsewhere: false, isForGood: false });
const forGood = (words: string): RedisFault => ({ words, isElsewhere: false, isForGood: true });
/** The connections that were made earlier stay; new ones are let in once the password is the one of REDIS_URL again. */
const refused: RedisFault = { words: CREDENTIALS, isElsewhere: true, isForGood: true };

/** By the word with which Redis begins a refusal: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors */
const FAULTS = {
  READONLY: elsewhere(REPLICA),
  UNBLOCKED: elsewhere(REPLICA),
  MASTERDOWN: elsewhere('Redis is a replica that has lost its primary: have REDIS_URL lead to the primary.'),
  LOADING: elsewhere('Redis is reading its data from disk after a start: Bellhop goes on by itself once it is done.'),
  NOREPLICAS: elsewhere(
    'Redis has fewer replicas than its min-replicas-to-write asks for: bring them back, or lower that setting.',
  ),
  NOAUTH: refused,
  WRONGPASS: refused,
  NOPERM: forGood(
    'Redis does not let the user of REDIS_URL do what Bellhop needs: give it all commands on the keys and channels bellhop:*.',
  ),
  MISCONF: passing(
    'Redis takes no writes because it cannot save its data to disk: free space there, or mend its folder. Bellhop needs nothing of it on disk: “save ""” and “appendonly no” will do.',
  ),
  OOM: passing(
    'Redis has reached its maxmemory and takes nothing more: raise it, or remove what else is kept there. Bellhop goes on by itself.',
  ),
  BUSY: passing('Redis is kept busy by a script that does not end: end it with SCRIPT KILL.'),
  DENIED: forGood('Redis is in protected mode: give it a password, and write that into REDIS_URL.'),
  MOVED: forGood(CLUSTER),
  ASK: forGood(CLUSTER),
  TRYAGAIN: forGood(CLUSTER),
  CROSSSLOT: forGood(CLUSTER),
  CLUSTERDOWN: forGood(CLUSTER),
} as const satisfies Readonly<Record<string, RedisFault>>;

const NO_CONNECTION_LEFT = passing('Redis takes no more connections: raise its maxclients.');

/** At the start; and where a script of ours met the refusal, Redis 6 wraps it, and the clients wrap that of their own checks. */
const WORD = /(?:^|: -?)([A-Z]{3,20})\b/g;

/** What is wrong with Redis, by what it answered; null where the error tells of nothing of the kind. */
export function redisFaultOf(error: unknown): RedisFault | null {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return null;
  if (error.message.includes('ERR max number of clients reached')) return NO_CONNECTION_LEFT;
  const words = [...error.message.matchAll(WORD)].map(([, word = '']) => word);
  const known = words.find((word) => Object.hasOwn(FAULTS, word));
  return known === undefined ? null : FAULTS[known as keyof typeof FAULTS];
}
