import type { Clock } from '../../../clock.ts';
import type { Rollup, RollupSpan } from '../../../domain/tally/rollup.ts';
import { ROLLUPS_KEPT_MS, stretchOf } from '../../../domain/tally/rollup.ts';
import { TallyBook } from '../../../domain/tally/tally-book.ts';
import type { Collections } from '../collections/collections.ts';
import { instant } from '../collections/instant.ts';
import { writeToken } from '../server/write-token.ts';

/** How long what was counted stays in this process alone. */
export const KEEP_EVERY_MS = 1000;
/** How often a process that counts nothing says that it lives. */
const BEAT_EVERY_MS = 10_000;
/** Settlements are counted as they come: an hour that is over for so long gets no more. */
const STRETCHES_HELD_MS = 2 * 3_600_000;

type Stretch = {
  readonly span: RollupSpan;
  readonly atMs: number;
  readonly counts: Map<string, number>;
  readonly latencyMs: Map<string, number>;
};

const ledgers = new WeakMap<Collections, Ledger>();

/** What this process counts: whoever writes documents that are counted says so here, once they are written. */
export function bookOf(collections: Collections): TallyBook {
  return ledgerOf(collections).book;
}

/** The one of these collections. */
export function ledgerOf(collections: Collections): Ledger {
  const known = ledgers.get(collections);
  if (known !== undefined) return known;
  const ledger = new Ledger(collections);
  ledgers.set(collections, ledger);
  return ledger;
}

/**
 * What this process has counted since its start, kept once a second in documents of its own: whole sums, not changes, so that a
 * write whose answer was lost is simply repeated. A process that is killed takes the counts of its last second with it, and has rows
 * counted again (docs/decisions/0034-tallies.md).
 */
export class Ledger {
  readonly book = new TallyBook();
  private readonly collections: Collections;
  private token = writeToken();
  private readonly counts = new Map<string, number>();
  private kept = new Map<string, number>();
  private readonly stretches = new Map<string, Stretch>();
  private readonly unkept = new Set<string>();
  private isKnown = false;
  private isInDoubt = false;
  private beatAtMs = 0;
  private keeping: Promise<void> = Promise.resolve();

  constructor(collections: Collections) {
    this.collections = collections;
  }

  /** The document that this process writes. */
  get id(): string {
    return this.token;
  }

  /** All that this process has counted, kept or not. */
  own(): ReadonlyMap<string, number> {
    this.takeIn();
    return this.counts;
  }

  /** Something failed on the way, and may have been done or not: rows are to be counted. */
  doubt(): void {
    this.isInDoubt = true;
  }

  /** Keeps what was counted meanwhile. What could not be kept stays, and is kept the next time. */
  keep(nowMs: number, isClosing = false): Promise<void> {
    this.keeping = this.keeping.catch(() => {}).then(() => this.write(nowMs, isClosing));
    return this.keeping;
  }

  private async write(nowMs: number, isClosing: boolean): Promise<void> {
    this.takeIn();
    await this.writeRollups();
    const hasChanged = [...this.counts].some(([name, count]) => this.kept.get(name) !== count);
    if (hasChanged || isClosing || nowMs - this.beatAtMs >= BEAT_EVERY_MS) await this.writeCounts(nowMs, isClosing);
    if (this.isInDoubt) {
      await this.collections.tallies.updateOne({ _id: 'base' }, { $set: { isRecountDue: true } }, { upsert: true });
      this.isInDoubt = false;
    }
    for (const [id, { atMs }] of this.stretches) if (nowMs - atMs > STRETCHES_HELD_MS) this.stretches.delete(id);
  }

  private async writeCounts(nowMs: number, isClosed: boolean): Promise<void> {
    const counts = new Map(this.counts);
    const { matchedCount, upsertedCount } = await this.collections.tallies.updateOne(
      { _id: this.token, isFolded: { $ne: true } },
      { $set: { counts: Object.fromEntries(counts), beatAtMs: nowMs, isClosed } },
      { upsert: !this.isKnown },
    );
    if (matchedCount + upsertedCount === 0) {
      // It was silent for so long that it was taken for gone, and what it had kept was added to the others’.
      for (const [name, count] of this.kept) this.counts.set(name, (this.counts.get(name) ?? 0) - count);
      [this.token, this.kept, this.isKnown] = [writeToken(), new Map(), false];
      return this.writeCounts(nowMs, isClosed);
    }
    [this.kept, this.isKnown, this.beatAtMs] = [counts, true, nowMs];
  }

  private async writeRollups(): Promise<void> {
    const ids = [...this.unkept];
    if (ids.length === 0) return;
    this.unkept.clear();
    const writes = ids.flatMap((id) => {
      const stretch = this.stretches.get(id);
      if (stretch === undefined) return [];
      const { span, atMs, counts, latencyMs } = stretch;
      const expiresAt = instant(atMs + ROLLUPS_KEPT_MS[span]);
      const sums = { counts: Object.fromEntries(counts), latencyMs: Object.fromEntries(latencyMs) };
      return [
        { updateOne: { filter: { _id: id }, update: { $set: { span, atMs, expiresAt, ...sums } }, upsert: true } },
      ];
    });
    try {
      await this.collections.rollups.bulkWrite(writes, { ordered: false });
    } catch (error) {
      for (const id of ids) this.unkept.add(id);
      throw error;
    }
  }

  /** Takes what was written into the book since. */
  private takeIn(): void {
    if (this.book.isEmpty) return;
    const { changes, rollups } = this.book.take();
    for (const [name, by] of changes) this.counts.set(name, (this.counts.get(name) ?? 0) + by);
    for (const rollup of rollups) this.add(rollup);
  }

  private add({ span, atMs, service, state, outcome, count, latencyMs }: Rollup & { readonly span: RollupSpan }): void {
    const id = `${span} ${stretchOf(span, atMs)} ${this.token}`;
    const stretch = this.stretches.get(id) ?? { span, atMs, counts: new Map(), latencyMs: new Map() };
    this.stretches.set(id, stretch);
    this.unkept.add(id);
    const key = `${service} ${state} ${outcome}`;
    stretch.counts.set(key, (stretch.counts.get(key) ?? 0) + count);
    if (latencyMs > 0) stretch.latencyMs.set(key, (stretch.latencyMs.get(key) ?? 0) + latencyMs);
  }

  /** What this process settled and has not kept yet, by the id of its document. */
  unkeptStretches(): ReadonlyMap<string, Stretch> {
    this.takeIn();
    return this.stretches;
  }
}

/** Has the ledger keep what it counts, once a second. Resolves `stop` once all is kept, or cannot be. */
export function keepLedger(collections: Collections, clock: Clock): { stop(): Promise<void> } {
  const ledger = ledgerOf(collections);
  // What fails stays in the ledger, and trouble with MongoDB is told by those who are asked for more than counts.
  const timer = setInterval(() => void ledger.keep(clock.now()).catch(() => {}), KEEP_EVERY_MS);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await ledger.keep(clock.now(), true).catch(() => {});
    },
  };
}
