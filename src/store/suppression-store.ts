import type { SuppressionReason } from '../domain/audience/release.ts';
import type { Suppression, SuppressionCounts } from '../domain/audience/suppression.ts';
import type { Page, PageRequest } from './page.ts';

/** Who got nothing of which notification, and why. Written with the page of the fan-out that decided it. */
export interface SuppressionStore {
  /** Of one notification, in a stable order. */
  list(
    query: PageRequest & { readonly notificationId: string; readonly reason: SuppressionReason | null },
  ): Promise<Page<Suppression>>;
  /** Of one user, newest notification first, but for those who had no device. */
  listOfUser(query: PageRequest & { readonly userId: string }): Promise<Page<Suppression>>;
  /** Of one notification and one user. */
  get(notificationId: string, userId: string): Promise<Suppression | null>;
  countByReason(notificationId: string): Promise<SuppressionCounts>;
}
