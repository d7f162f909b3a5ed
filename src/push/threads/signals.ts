type Known = { readonly number: number; underWay: number; readonly forget: () => void };

/** Numbers for the signals by which sends are given up: a thread cannot be handed a signal itself. */
export class SignalNumbers {
  private readonly known = new Map<AbortSignal, Known>();
  private readonly onAbort: (number: number) => void;
  private last = 0;

  /** `onAbort` is told the number of a signal that was aborted while somebody held it. */
  constructor(onAbort: (number: number) => void) {
    this.onAbort = onAbort;
  }

  /** The signal's number, until it is let go of as often as it was held. */
  hold(signal: AbortSignal): number {
    const known = this.known.get(signal) ?? this.listen(signal);
    known.underWay += 1;
    return known.number;
  }

  letGo(signal: AbortSignal): void {
    const known = this.known.get(signal);
    if (known === undefined) return;
    known.underWay -= 1;
    if (known.underWay > 0) return;
    known.forget();
    this.known.delete(signal);
  }

  private listen(signal: AbortSignal): Known {
    this.last += 1;
    const number = this.last;
    const listener = (): void => this.onAbort(number);
    signal.addEventListener('abort', listener, { once: true });
    const known = { number, underWay: 0, forget: () => signal.removeEventListener('abort', listener) };
    this.known.set(signal, known);
    return known;
  }
}
