/** Numbers in [0, 1) that follow from a seed (mulberry32), and what is drawn with them. */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  readonly next = (): number => {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  isTrue(chance: number): boolean {
    return this.next() < chance;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.next() * items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }

  /** Each of the items at most once, in their order. */
  some<Item>(items: readonly Item[], count: number): readonly Item[] {
    const left = items.map((_, index) => index);
    const chosen = new Set<number>();
    while (chosen.size < count && left.length > 0) {
      const [index = 0] = left.splice(Math.floor(this.next() * left.length), 1);
      chosen.add(index);
    }
    return items.filter((_, index) => chosen.has(index));
  }

  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const names = Object.keys(weights) as Name[];
    let left = this.next() * names.reduce((sum, name) => sum + weights[name], 0);
    for (const name of names) {
      left -= weights[name];
      if (left < 0) return name;
    }
    return this.pick(names);
  }
}

/** Dice of their own for each part of a world, so that what one part draws changes nothing for the others. */
export function diceFor(seed: number, part: string): Dice {
  let hash = 0x811c9dc5 ^ seed;
  for (let index = 0; index < part.length; index += 1) hash = Math.imul(hash ^ part.charCodeAt(index), 0x01000193);
  return new Dice(hash);
}
