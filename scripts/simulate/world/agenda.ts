import TinyQueue from 'tinyqueue';

type Entry = { readonly atMs: number; readonly order: number; readonly work: () => void };

/** What is to happen in a world at its time, whatever its processes do: what the plan says, and the ends of what it began. */
export class Agenda {
  private readonly entries = new TinyQueue<Entry>([], (a, b) => a.atMs - b.atMs || a.order - b.order);
  private order = 0;

  add(atMs: number, work: () => void): void {
    this.entries.push({ atMs, order: this.order, work });
    this.order += 1;
  }

  nextAtMs(): number {
    return this.entries.peek()?.atMs ?? Number.POSITIVE_INFINITY;
  }

  doNext(): void {
    this.entries.pop()?.work();
  }
}
