import type { SuppressionReason } from '../domain/audience/release.ts';
import type { Suppression, SuppressionCounts } from '../domain/audience/suppression.ts';
import type { Page, PageRequest } from './page.ts';
import type { SomeCounted } from './some-counted.ts';

/** Who got nothing of which notification, and why. Written with the page of the fan-out that decided it. */
export interface SuppressionStore {
  /** Of one notification, in a stable order. Where few of many have the reason, a page may have fewer than its limit, or none, and go on. */
  list(
    query: PageRequest & { readonly notificationId: string; readonly reason: SuppressionReason | null },
  ): Promise<Page<Suppression>>;
  /** Of one user, newest notification first, but for those who had no device. */
  listOfUser(query: PageRequest & { readonly userId: string }): Promise<Page<Suppression>>;
  /** Of one notification and one user. */
  get(notificationId: string, userId: string): Promise<Suppression | null>;
  /** All of them, in pieces: however many there are, nothing else waits for long. */
  countByReason(notificationId: string): Promise<SuppressionCounts>;
  /** The same, but counting ends after some ten thousand. Cheap, however many there are. */
  countSome(notificationId: string): Promise<SomeCounted<SuppressionCounts>>;
}
