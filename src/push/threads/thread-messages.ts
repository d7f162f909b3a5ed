import type { PushProxy } from '../../domain/push-service/proxy.ts';
import type { PushMessage } from '../../domain/push-service/push-message.ts';
import type { PushResult } from '../../domain/push-service/push-outcome.ts';
import type { WebPushTransportOptions } from '../web-push.ts';

/** What a sender thread works by, as it can be copied to one. */
export type SenderSettings = Omit<WebPushTransportOptions, 'vapid' | 'resolve' | 'proxy'> & {
  readonly proxy: (Omit<PushProxy, 'exceptions'> & { readonly exceptions: string }) | null;
};

export type SenderStart = {
  readonly settings: SenderSettings;
  /** How many orders the thread has begun, in the order given: of the others it is certain that none was sent. */
  readonly begun: Int32Array;
};

/** One message to send. `id` counts up. Orders of one `signal` are given up together. */
export type SendOrder = {
  readonly id: number;
  readonly message: PushMessage;
  /** The `Authorization` header, or null where the key pair is missing. */
  readonly authorization: string | null;
  readonly signal: number;
};

export type ToSender =
  | { readonly kind: 'send'; readonly orders: readonly SendOrder[] }
  | { readonly kind: 'give_up'; readonly signal: number }
  | { readonly kind: 'rehearse' }
  | { readonly kind: 'close' };

/** What became of orders in one turn of the thread: first those for which only the answer is awaited. */
export type FromSender = {
  readonly posted: readonly number[];
  readonly ended: readonly { readonly id: number; readonly result: PushResult }[];
};
