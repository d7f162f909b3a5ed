/** So many of the latest failures are looked at, and so many different users make them several users'. */
export const LATEST_FAILURES = 10;
const SEVERAL_USERS = 3;
/** Beyond this share of them, one user's failures are taken for that user's own trouble. */
const SHARE_OF_ONE_USER = 0.5;

/** Whose pushes failed last: a service in trouble fails many users', and one user's trouble is no sign of it. */
export class FailingUsers {
  private readonly latest: string[] = [];

  /** Takes note of a failure. */
  add(userId: string): void {
    this.latest.push(userId);
    if (this.latest.length > LATEST_FAILURES) this.latest.shift();
  }

  /** Whether the latest failures are of several users. */
  areSeveral(): boolean {
    return new Set(this.latest).size >= SEVERAL_USERS;
  }

  /** Whether they are of several users, and not for the most part of one: so it must be where others succeed meanwhile. */
  areSpread(): boolean {
    if (!this.areSeveral()) return false;
    const counts = new Map<string, number>();
    for (const userId of this.latest) counts.set(userId, (counts.get(userId) ?? 0) + 1);
    return Math.max(...counts.values()) <= Math.max(1, this.latest.length * SHARE_OF_ONE_USER);
  }
}
