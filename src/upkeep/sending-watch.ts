import type { Clock } from '../clock.ts';
import type { Events } from '../domain/events.ts';
import { type Drop, readSending, SENDING_FACT, type Sending } from '../domain/sending/sending.ts';
import type { Store } from '../store/store.ts';
import { createLoop, type Loop } from './loop.ts';

export type SendingWatchOptions = {
  readonly store: Pick<Store, 'facts'>;
  readonly events: Events;
  readonly clock: Clock;
  /** Called when a pause has ended: what waits is to be looked for. */
  readonly onResume: () => void;
};

/** Knows whether anything may be sent. Where the store has not said so yet, and cannot now, nothing may. */
export type SendingWatch = Loop & {
  isPaused(): boolean | Promise<boolean>;
  /** What a person decided is not to be sent. */
  drop(): Drop | null;
};

/** Another process may have paused, or resumed. */
const INTERVAL_MS = 1000;

export function createSendingWatch({ store, events, clock, onResume }: SendingWatchOptions): SendingWatch {
  let known: Sending | null = null;
  const look = async (): Promise<void> => {
    const sending = readSending(await store.facts.find(SENDING_FACT));
    const before = known?.state;
    known = sending;
    if (sending.state === 'paused' && before !== 'paused') {
      events.publish({ type: 'sending.paused', cause: sending.cause, sinceMs: sending.sinceMs });
    }
    if (sending.state === 'on' && before === 'paused') {
      events.publish({ type: 'sending.resumed' });
      onResume();
    }
  };
  const loop = createLoop({ name: 'sending_watch', intervalMs: INTERVAL_MS, clock, events, tick: look });
  return {
    ...loop,
    isPaused() {
      if (known !== null) return known.state === 'paused';
      return look().then(
        () => known?.state !== 'on',
        () => true,
      );
    },
    drop: () => known?.drop ?? null,
  };
}
