import type { PushMessage } from '../domain/push-service/push-message.ts';
import type { PushResult } from '../domain/push-service/push-outcome.ts';

/** Carries one encrypted message to a push service. */
export interface PushTransport {
  /**
   * Encrypts (RFC 8291), signs (RFC 8292) and posts (RFC 8030) one message. Every ending is a value: this does not
   * reject. Aborting the signal closes the request and gives `aborted`; no answer in time closes it and gives `timeout`.
   * `onPosted` is called once nothing is left but to wait for the answer, and never where sending ends before that.
   */
  send(message: PushMessage, signal: AbortSignal, onPosted?: () => void): Promise<PushResult>;
  /** Closes kept connections. Harmless when repeated. */
  close(): Promise<void>;
}
