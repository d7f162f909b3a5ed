import { warmUpMachine } from '../delivery/warm-up.ts';
import type { ThreadedTransport } from '../push/threads/threaded-transport.ts';

/** The first calls are answered by then: this takes processor time from them. A first push before it does not wait for it. */
const AFTER_MS = 300;

/** Makes ready, once a process that has started is quiet, what would make its first pushes slow. */
export function warmUpSoon(transport: Pick<ThreadedTransport, 'warmUp'>): void {
  const soon = setTimeout(() => {
    void transport.warmUp();
    warmUpMachine();
  }, AFTER_MS);
  soon.unref();
}
