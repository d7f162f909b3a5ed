import type { Clock } from '../clock.ts';
import {
  paused,
  readSending,
  resumed,
  SENDING_FACT,
  type Sending,
  sendingFact,
  type WaitingChoice,
} from '../domain/sending/sending.ts';
import type { Store } from '../store/store.ts';

export type SendingControlOptions = {
  readonly store: Pick<Store, 'facts'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Called after each change: this process need not wait for its next look. */
  readonly onChange: () => void;
};

/** Whether anything is sent, as a person decides it. Each is harmless when repeated. */
export type SendingControl = {
  current(): Promise<Sending>;
  /** Nothing more is sent: in this process at once, in others within a second or two. Pushes under way end. */
  pause(): Promise<Sending>;
  /** Sends again, and what waited or nothing of it. */
  resume(waiting: WaitingChoice): Promise<Sending>;
};

export function createSendingControl({ store, clock, onChange }: SendingControlOptions): SendingControl {
  const current = async (): Promise<Sending> => readSending(await store.facts.find(SENDING_FACT));
  const change = async (to: (sending: Sending) => Sending): Promise<Sending> => {
    const before = await current();
    const after = to(before);
    if (after !== before) await store.facts.replace(SENDING_FACT, sendingFact(after));
    onChange();
    return after;
  };
  return {
    current,
    pause: () => change((sending) => paused(sending, 'asked', clock.now())),
    resume: (waiting) => change((sending) => resumed(sending, waiting, clock.now())),
  };
}
