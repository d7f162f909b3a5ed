import type { Audience } from '../../../domain/audience/audience.ts';
import type { Notification } from '../../../domain/notification/notification.ts';
import { AUDIENCE_START } from '../../audience-cursor.ts';
import type { FanOut } from '../../fan-out-store.ts';

/** Those accepted and not yet begun with; the rest are read. */
const MOST_ACCEPTED = 1000;
/** Those of large audiences between two pages: a list of ten thousand takes longer to read than to write a page for. */
const MOST_UNDER_WAY = 16;

/**
 * Fan-outs whose next page can begin without reading them back. What is remembered may be out of date: `commitPage` refuses
 * it then, as every late writer.
 */
export class FanOutMemory {
  private readonly accepted = new Map<string, FanOut>();
  private readonly underWay = new Map<string, FanOut>();

  /** Of one that was accepted just now. */
  noteAccepted(notification: Notification, audience: Audience): void {
    if (this.accepted.size >= MOST_ACCEPTED) return;
    this.accepted.set(notification.id, {
      notification,
      audience,
      cursor: AUDIENCE_START,
      followingAtMs: null,
      begun: null,
    });
  }

  /** Of one between two pages. */
  noteUnderWay(fanOut: FanOut): void {
    if (this.underWay.size < MOST_UNDER_WAY) this.underWay.set(fanOut.notification.id, fanOut);
  }

  /** Gives what is remembered, and forgets it. */
  take(id: string): FanOut | null {
    const fanOut = this.accepted.get(id) ?? this.underWay.get(id) ?? null;
    this.accepted.delete(id);
    this.underWay.delete(id);
    return fanOut;
  }

  /** Forgets everything: what is kept may say something else by now. */
  forget(): void {
    this.accepted.clear();
    this.underWay.clear();
  }
}
