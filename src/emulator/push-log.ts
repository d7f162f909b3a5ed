import type { IncomingHttpHeaders } from 'node:http';
import type { Fault, ProfileName } from './profile.ts';
import type { VapidFacts } from './vapid-check.ts';

/** A fault, and the answer it got. */
export type Refusal = Fault & { readonly status: number; readonly errno?: number };

/** One request to a device, as the push service saw it and as the device did. */
export type ReceivedPush = {
  readonly device: string;
  readonly profile: ProfileName;
  /** `1.1` or `2.0`. */
  readonly httpVersion: string;
  readonly receivedAtMs: number;
  /** All of them, names in small letters. */
  readonly headers: IncomingHttpHeaders;
  readonly ttlSeconds: number | null;
  readonly urgency: string | null;
  readonly topic: string | null;
  readonly contentEncoding: string | null;
  readonly contentType: string | null;
  readonly authorization: string | null;
  readonly vapid: VapidFacts | null;
  readonly bodyOctets: number;
  /** The decrypted text; null when it was refused, or could not be decrypted, and then `decryptProblem` says why. */
  readonly payload: string | null;
  readonly decryptProblem: string | null;
  /** What the push service found wrong with the request itself. */
  readonly refusal: Refusal | null;
  /** The HTTP status sent; null until then, and for good where none is sent. */
  readonly status: number | null;
  /** Other requests to the same device that were under way when it came. */
  readonly othersUnderWay: number;
  /** Settles when the exchange is over: fully answered, or the connection gone. */
  readonly closed: Promise<void>;
};

type Waiter = {
  readonly predicate: (push: ReceivedPush) => boolean;
  readonly resolve: (push: ReceivedPush) => void;
  readonly reject: (error: Error) => void;
};

export type PushLog = {
  readonly pushes: readonly ReceivedPush[];
  add(push: ReceivedPush): void;
  /** Tells those who wait that a push has come, or has changed. */
  announce(push: ReceivedPush): void;
  /** The first push, among those there are and those to come, that fits. Rejects when the emulator closes. */
  waitFor(predicate: (push: ReceivedPush) => boolean): Promise<ReceivedPush>;
  /** Forgets what came; who waits goes on waiting. */
  clear(): void;
  close(): void;
};

/** What came, and who waits for what is to come. */
export function createPushLog(): PushLog {
  const pushes: ReceivedPush[] = [];
  let waiters: Waiter[] = [];
  let isClosed = false;
  const closedError = (): Error => new Error('the emulator closed while a push was awaited');

  return {
    pushes,
    add(push) {
      pushes.push(push);
    },
    announce(push) {
      const satisfied = waiters.filter((waiter) => waiter.predicate(push));
      waiters = waiters.filter((waiter) => !satisfied.includes(waiter));
      for (const waiter of satisfied) waiter.resolve(push);
    },
    waitFor(predicate) {
      const present = pushes.find(predicate);
      if (present !== undefined) return Promise.resolve(present);
      if (isClosed) return Promise.reject(closedError());
      const awaited = new Promise<ReceivedPush>((resolve, reject) => {
        waiters.push({ predicate, resolve, reject });
      });
      // One who has stopped waiting must not bring the process down when the emulator closes.
      awaited.catch(() => undefined);
      return awaited;
    },
    clear() {
      pushes.length = 0;
    },
    close() {
      isClosed = true;
      for (const waiter of waiters) waiter.reject(closedError());
      waiters = [];
    },
  };
}
