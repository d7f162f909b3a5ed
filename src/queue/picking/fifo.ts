/** First in, first out. An array whose front moves: `Array.shift` copies, which shows with thousands waiting. */
export class Fifo<Item> {
  private items: Item[] = [];
  private head = 0;

  get size(): number {
    return this.items.length - this.head;
  }

  /** Throws a RangeError where nothing waits. */
  get first(): Item {
    const item = this.items[this.head];
    if (item === undefined) throw new RangeError('nothing waits here');
    return item;
  }

  push(item: Item): void {
    this.items.push(item);
  }

  shift(): Item {
    const item = this.first;
    this.head += 1;
    if (this.head > 1024 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }

  /** All that wait, in order. */
  all(): readonly Item[] {
    return this.items.slice(this.head);
  }

  /** Takes the one that came last. */
  pop(): Item {
    const item = this.size > 0 ? this.items.pop() : undefined;
    if (item === undefined) throw new RangeError('nothing waits here');
    return item;
  }
}
