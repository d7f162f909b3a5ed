import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import type { RateLimit } from '../domain/rate-limit.ts';
import {
  changedTags,
  faultOfQuietHours,
  MAX_PREFERENCES,
  MAX_TAGS,
  newUser,
  patched,
  type User,
  type UserPatch,
} from '../domain/user/user.ts';
import type { Page } from '../store/page.ts';
import type { TagCount, UserStore } from '../store/user-store.ts';
import { isVisitor, spendAsVisitor } from './demo-visitors.ts';
import type { RateLimiter } from './rate-limiter.ts';

type TagChange = { readonly add: readonly string[]; readonly remove: readonly string[] };

/** What callers say of users, and see of it. */
export type Users = {
  /** Throws `user_not_found` where nothing was said of the user. */
  get(id: string): Promise<User>;
  list: UserStore['list'];
  /** Makes the user where nothing was said before. Throws `invalid_request` where there would be too many tags or wishes. */
  patch(id: string, patch: UserPatch): Promise<User>;
  /** As `patch`, by a page with a token of this user, and no more often than `userChangeLimit` allows: `too_many_requests`. */
  patchOwn(id: string, patch: UserPatch): Promise<User>;
  changeTags(id: string, change: TagChange): Promise<User>;
  /** Gives and takes one tag to and from many users. */
  changeUsersOfTag(tag: string, change: TagChange): Promise<void>;
  tags(query: Parameters<UserStore['tags']>[0]): Promise<Page<TagCount>>;
};

export type UsersOptions = {
  readonly store: UserStore;
  readonly clock: Clock;
  readonly limiter: RateLimiter;
  /** How often the pages of one user may change what is said of the user (USER_CHANGES_PER_MINUTE). */
  readonly userChangeLimit: RateLimit;
  /** Whether there is a demo page, whose visitors have limits of their own. */
  readonly countsVisitors: boolean;
};

const TOO_OFTEN = 'The pages of this user change their preferences too often.';

export function createUsers({ store, clock, limiter, userChangeLimit, countsVisitors }: UsersOptions): Users {
  const patch: Users['patch'] = (id, change) => {
    const nowMs = clock.now();
    return store.change(newUser(id, nowMs), (user) => {
      checkQuietHours(user, change);
      return checked(patched(user, change, nowMs));
    });
  };
  const withTags = (user: User, change: TagChange, nowMs: number): User =>
    checked(patched(user, { tags: changedTags(user.tags, change) }, nowMs));
  return {
    async get(id) {
      const user = await store.get(id);
      if (user === null) throw new AppError('user_not_found', 'Nothing was said of this user. PATCH says something.');
      return user;
    },
    list: (query) => store.list(query),
    patch,
    async patchOwn(id, change) {
      if (countsVisitors && isVisitor(id)) await spendAsVisitor(limiter, id);
      await limiter.demand(`user changes ${id}`, userChangeLimit, TOO_OFTEN);
      return patch(id, change);
    },
    changeTags(id, change) {
      const nowMs = clock.now();
      return store.change(newUser(id, nowMs), (user) => withTags(user, change, nowMs));
    },
    async changeUsersOfTag(tag, { add, remove }) {
      const nowMs = clock.now();
      const blanks = (ids: readonly string[]): readonly User[] => [...new Set(ids)].map((id) => newUser(id, nowMs));
      await store.changeMany(blanks(add), (user) => withTags(user, { add: [tag], remove: [] }, nowMs));
      await store.changeMany(blanks(remove), (user) => withTags(user, { add: [], remove: [tag] }, nowMs));
    },
    tags: (query) => store.tags(query),
  };
}

function checkQuietHours(user: User, change: UserPatch): void {
  const fault = faultOfQuietHours(user, change);
  if (fault === null) return;
  const message = fault.isMissing ? 'is required where the user has no quiet hours yet' : SAME_TIME;
  throw new AppError('invalid_request', 'The request has one problem; see “issues”.', {
    issues: [{ path: `quiet_hours.${fault.field}`, message }],
  });
}

const SAME_TIME = 'must differ from `from`: quiet hours leave a part of the day. To silence all of it, pause the user';

function checked(user: User): User {
  if (user.tags.length > MAX_TAGS) {
    throw new AppError('invalid_request', `A user may have ${MAX_TAGS} tags; this one would have ${user.tags.length}.`);
  }
  const wishes = Object.keys(user.preferences).length;
  if (wishes > MAX_PREFERENCES) {
    throw new AppError(
      'invalid_request',
      `A user may have ${MAX_PREFERENCES} preferences; this one would have ${wishes}.`,
    );
  }
  return user;
}
