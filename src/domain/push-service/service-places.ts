/** Of the places at a push service one user has this share at most, and one at least. */
const SHARE_OF_ONE_USER = 0.25;

/**
 * The pushes under way to one push service, all its origins together. One user has a share of the places only: pushes that
 * hang keep theirs until they time out, and nothing can take them back.
 */
export class ServicePlaces {
  private readonly most: number;
  private readonly ofUser = new Map<string, number>();
  private taken = 0;
  /** Lanes that lead to this push service. */
  lanes = 0;

  constructor(most: number) {
    this.most = most;
  }

  isFull(): boolean {
    return this.taken >= this.most;
  }

  /** Whether this user has their share of a lane that takes `limit` pushes at once. */
  isFullFor(userId: string, limit: number): boolean {
    return (this.ofUser.get(userId) ?? 0) >= Math.max(1, Math.floor(limit * SHARE_OF_ONE_USER));
  }

  take(userId: string): void {
    this.taken += 1;
    this.ofUser.set(userId, (this.ofUser.get(userId) ?? 0) + 1);
  }

  leave(userId: string): void {
    this.taken -= 1;
    const left = (this.ofUser.get(userId) ?? 0) - 1;
    if (left > 0) this.ofUser.set(userId, left);
    else this.ofUser.delete(userId);
  }
}
