/** How a page of due deliveries is shared out among users. */
export type PageShare = {
  /** The most deliveries of the page. */
  readonly limit: number;
  /** So many of one user come before any more of them do; all that fit unless given. */
  readonly fewOfUser?: number;
  /** The most deliveries that are read for one page, however few users they belong to; `limit` unless given. */
  readonly mostRead?: number;
};

type Owned = { readonly userId: string };

/**
 * Gathers a page of due deliveries, read in the order of time. However many of them belong to one user, those of others that
 * stand behind are on the page, too, as far as the reading goes.
 */
export class DuePage<Due extends Owned> {
  private readonly share: Required<PageShare>;
  private readonly counts = new Map<string, number>();
  private readonly few: Due[] = [];
  private readonly surplus: Due[] = [];
  private read = 0;

  constructor({ limit, fewOfUser = limit, mostRead = limit }: PageShare) {
    this.share = { limit, fewOfUser, mostRead };
  }

  /** Whether to read on. */
  get isOpen(): boolean {
    return this.few.length < this.share.limit && this.read < this.share.mostRead;
  }

  /** The next delivery that was read. */
  add(due: Due): void {
    this.read += 1;
    const count = (this.counts.get(due.userId) ?? 0) + 1;
    this.counts.set(due.userId, count);
    if (count <= this.share.fewOfUser) this.few.push(due);
    else if (this.surplus.length < this.share.limit) this.surplus.push(due);
  }

  /** The page: a few of each user in the order of time, then more. */
  all(): readonly Due[] {
    return [...this.few, ...this.surplus].slice(0, this.share.limit);
  }
}
