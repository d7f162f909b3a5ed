/** So many notifications at once, and those whose leases have ended without a settlement are looked for. */
const MANY = 1000;

/**
 * What this process has claimed and not settled. While a lease lasts nobody else ends that delivery, so its notification
 * is open, and who settles it will look whether all is final: until then nobody here has to.
 */
export class Leases {
  private readonly untilMs = new Map<string, Map<string, number>>();

  take(notificationId: string, deliveryId: string, untilMs: number, nowMs: number): void {
    if (this.untilMs.size >= MANY) this.forgetEnded(nowMs);
    const leases = this.untilMs.get(notificationId) ?? new Map<string, number>();
    this.untilMs.set(notificationId, leases.set(deliveryId, untilMs));
  }

  /** It has been settled, here or elsewhere. */
  end(notificationId: string, deliveryId: string): void {
    const leases = this.untilMs.get(notificationId);
    leases?.delete(deliveryId);
    if (leases?.size === 0) this.untilMs.delete(notificationId);
  }

  /** Whether one of this notification lasts. */
  hasAny(notificationId: string, nowMs: number): boolean {
    const leases = this.untilMs.get(notificationId) ?? new Map<string, number>();
    for (const [id, untilMs] of leases) {
      if (untilMs > nowMs) return true;
      this.end(notificationId, id);
    }
    return false;
  }

  private forgetEnded(nowMs: number): void {
    for (const notificationId of this.untilMs.keys()) this.hasAny(notificationId, nowMs);
  }
}
