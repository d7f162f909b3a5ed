/** What a body is kept in while it arrives. A small body needs one. */
export const BLOCK_OCTETS = 8 * 1024;

/** A body on its way. `giveWay` ends it, because of others. */
export type ArrivingBody = {
  /** Whether nobody knows yet if its sender may call at all. */
  readonly isUnverified: boolean;
  giveWay(): void;
};

export type BodyBlocks = {
  /** One more block for this body; null where this body had to give way itself. */
  take(body: ArrivingBody): Uint8Array | null;
  /** It is complete: it is judged next, and gives way no more. */
  settle(body: ArrivingBody): void;
  /** Takes all blocks of this body back. Nobody may look into them afterwards. */
  giveBack(body: ArrivingBody, blocks: readonly Uint8Array[]): void;
};

/**
 * The memory for arriving bodies, of all connections together. Blocks are used again and again: what strangers send leaves
 * nothing for the garbage collector, which lets 64 MB of buffers pile up before it looks.
 *
 * Where unverified bodies take more than `mostOctets`, their first blocks not counted, those that have had counted ones longest
 * give way. What comes from a program is there within milliseconds; what is sent slowly, to hold memory, waits longest. So nobody
 * keeps others out by holding it.
 */
export function createBodyBlocks(mostOctets: number): BodyBlocks {
  const mostBlocks = Math.floor(mostOctets / BLOCK_OCTETS);
  const free: Uint8Array[] = [];
  const countOf = new Map<ArrivingBody, number>();
  const begun = new WeakSet<ArrivingBody>();
  let counted = 0;
  const release = (body: ArrivingBody): void => {
    counted -= countOf.get(body) ?? 0;
    countOf.delete(body);
  };
  /** False where it gave way. */
  const count = (body: ArrivingBody): boolean => {
    counted += 1;
    // A Map keeps the place of a key that it has.
    countOf.set(body, (countOf.get(body) ?? 0) + 1);
    for (const longest of countOf.keys()) {
      if (counted <= mostBlocks) break;
      release(longest);
      longest.giveWay();
    }
    return countOf.has(body);
  };
  return {
    take(body) {
      const isFirst = !begun.has(body);
      begun.add(body);
      if (body.isUnverified && !isFirst && !count(body)) return null;
      // Not from Node's pool, of which a slice would keep all.
      return free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_OCTETS);
    },
    settle: release,
    giveBack(body, blocks) {
      release(body);
      for (const block of blocks) if (free.length < mostBlocks) free.push(block);
    },
  };
}
