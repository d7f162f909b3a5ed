import type { CapOfPattern } from '../domain/notification-type/type-policy.ts';
import type { Person } from '../domain/user/person.ts';
import type { User } from '../domain/user/user.ts';
import type { Page, PageRequest } from './page.ts';

/** A tag, and how many users have it. */
export type TagCount = { readonly tag: string; readonly userCount: number };

/** `exceptId`: the notification that is asked about, which does not stand in its own way; null where it is none yet. */
export type CapAsked = { readonly atMs: number; readonly exceptId: string | null };

/** What was said about users. A user of whom nothing was said has no row. */
export interface UserStore {
  get(id: string): Promise<User | null>;
  /**
   * Keeps what `change` makes of a user, in one step: of two changes at the same time, one sees the other’s. Where there is none, it
   * is given `blank`. `change` may be asked more than once. Gives what is kept.
   */
  change(blank: User, change: (user: User) => User): Promise<User>;
  /** The same for many users, each by itself, those without a row included. */
  changeMany(blanks: readonly User[], change: (user: User) => User): Promise<void>;
  /** Those with this tag, or all of whom something was said, in order of id. */
  list(query: PageRequest & { readonly tag: string | null }): Promise<Page<User>>;
  /** Tags that a user has, in order, with the number of those users. */
  tags(query: PageRequest): Promise<Page<TagCount>>;
  /** When notifications that count under a cap went to a user within the stretch that ends at `atMs`, oldest first. */
  capUses(userId: string, cap: CapOfPattern, asked: CapAsked): Promise<readonly number[]>;
  /** How these users are known. One of whom nothing is known is not in it, and nobody is where nothing was said of any user. */
  persons(userIds: readonly string[]): Promise<ReadonlyMap<string, Person>>;
}
