import { createHash } from 'node:crypto';

/** Who can be the author of a change: a back end with an API key, somebody at the console, or a command beside the service. */
export const AUDIT_AUTHORS = ['key', 'operator', 'command'] as const;
type AuditAuthor = (typeof AUDIT_AUTHORS)[number];

/** What somebody does, before it has a place in the chain. */
export type AuditDraft = {
  readonly atMs: number;
  readonly by: AuditAuthor;
  /** The id of the key, or the name of the operator. */
  readonly who: string;
  /** As the API names the operation: `replayDelivery`. */
  readonly action: string;
  /** What it is done to: an id, a name; empty where it is the installation as a whole. */
  readonly target: string;
  /** The address that it came from; empty where there is none. */
  readonly from: string;
  readonly requestId: string;
  /** Null with the entry that comes before the change. A second one says why nothing was changed after all. */
  readonly refusal: string | null;
};

/**
 * A text that can be taken out of the log without breaking the chain: the chain goes over `seal`, a digest of text and salt. Whoever
 * has only the seal cannot try out names.
 */
export type Sealed = { readonly text: string | null; readonly salt: string | null; readonly seal: string };

/** A change on record: who, what, on what, when, from where. Each entry has the hash of the one before it. */
export type AuditEntry = Pick<AuditDraft, 'atMs' | 'by' | 'action' | 'requestId' | 'refusal'> & {
  /** 1 for the first; no number is left out. */
  readonly seq: number;
  readonly who: Sealed;
  readonly target: Sealed;
  readonly from: Sealed;
  readonly previous: string;
  readonly hash: string;
};

/** A draft with a random salt for each of its names. */
export type SaltedDraft = AuditDraft & { readonly salts: readonly [who: string, target: string, from: string] };

/** The end of a chain, and all that the next entry needs of it. */
export type AuditHead = Pick<AuditEntry, 'seq' | 'hash'>;

/** Before the first entry. */
export const NO_ENTRY: AuditHead = { seq: 0, hash: '' };

/** The drafts as the next links of a chain. */
export function linked(head: AuditHead, drafts: readonly SaltedDraft[]): readonly AuditEntry[] {
  let last = head;
  return drafts.map(({ salts, who, target, from, ...draft }) => {
    const [whoSalt, targetSalt, fromSalt] = salts;
    const open = {
      ...draft,
      seq: last.seq + 1,
      who: sealed(who, whoSalt),
      target: sealed(target, targetSalt),
      from: sealed(from, fromSalt),
      previous: last.hash,
    };
    const entry = { ...open, hash: hashOf(open) };
    last = entry;
    return entry;
  });
}

/** What is wrong with an entry that follows this head, in a sentence; null where nothing is. */
export function faultOf(head: AuditHead | null, entry: AuditEntry): string | null {
  const { seq } = entry;
  if (head !== null && seq !== head.seq + 1) return `entry ${seq} follows entry ${head.seq}: what was between is gone`;
  if (head !== null && entry.previous !== head.hash)
    return `entry ${seq} does not follow the entry before it: one of the two was changed`;
  if (hashOf(entry) !== entry.hash) return `entry ${seq} was changed: its hash is another`;
  for (const name of ['who', 'target', 'from'] as const) {
    const { text, salt, seal } = entry[name];
    if (text !== null && sealOf(text, salt ?? '') !== seal) return `entry ${seq} was changed: its “${name}” is another`;
  }
  return null;
}

function sealed(text: string, salt: string): Sealed {
  return { text, salt, seal: sealOf(text, salt) };
}

function sealOf(text: string, salt: string): string {
  return digestOf(`${salt}\n${text}`);
}

function hashOf(entry: Omit<AuditEntry, 'hash'>): string {
  const { seq, atMs, by, action, requestId, refusal, who, target, from, previous } = entry;
  return digestOf(
    JSON.stringify([seq, atMs, by, action, requestId, refusal, who.seal, target.seal, from.seal, previous]),
  );
}

function digestOf(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('base64url');
}
