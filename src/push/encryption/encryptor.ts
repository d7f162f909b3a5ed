import process from 'node:process';
import { Worker } from 'node:worker_threads';
import type { SubscriptionKeys } from '../../domain/subscription/subscription.ts';
import type { EncryptionReply, EncryptionRequest } from './encryption-thread.ts';
import { createEncryptMessage } from './message-encryption.ts';
import { TimeShare } from './time-share.ts';

/** Encrypts messages on this thread, or on one beside it while there are many. */
export type Encryptor = {
  /** The body to send; null where the keys are no keys. */
  encrypt(keys: SubscriptionKeys, payload: string): Promise<Uint8Array | null>;
  /** Ends the thread. What waits for it is encrypted here. Harmless when repeated. */
  close(): Promise<void>;
};

/** So many at once would hold up everything else for milliseconds. */
const CROWD = 16;
/** Fewer at a time are encrypted sooner than a thread is woken. */
const WORTH_A_THREAD = 3;
/** Below this share of this thread's time they wait longer for the other one to get its turn on a busy machine. */
const WORTH_A_THREAD_SHARE = 0.22;

type Waiting = EncryptionRequest[number] & {
  readonly resolve: (body: Uint8Array | null) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * Curve arithmetic is a quarter of what a delivery costs, and the one part of it that needs nothing else, so with a second
 * core it goes there. The thread is started by the first crowd. Where it cannot be had, or ends, everything is done here.
 */
export function createEncryptor({ useThread }: { readonly useThread: boolean }): Encryptor {
  const encryptHere = createEncryptMessage();
  const thread = new EncryptionThread(encryptHere, useThread);
  const share = new TimeShare();
  let asked: Waiting[] = [];

  const flush = (): void => {
    const all = asked;
    asked = [];
    const startedAtMs = performance.now();
    const isMuch = share.with(all.length, startedAtMs) >= WORTH_A_THREAD_SHARE && all.length >= WORTH_A_THREAD;
    if ((isMuch || all.length >= CROWD) && thread.take(all)) return;
    answerAll(all, encryptHere);
    share.measured(all.length, performance.now() - startedAtMs);
  };

  return {
    encrypt: (keys, payload) =>
      new Promise((resolve, reject) => {
        if (asked.push({ keys, payload, resolve, reject }) === 1) process.nextTick(flush);
      }),
    close: () => thread.close(),
  };
}

function answerAll(waiting: readonly Waiting[], encrypt: ReturnType<typeof createEncryptMessage>): void {
  for (const { keys, payload, resolve, reject } of waiting) {
    try {
      resolve(encrypt(keys, payload));
    } catch (error) {
      // Of this one alone: it is run by a tick that nobody awaits, and the others are owed their answers.
      reject(error);
    }
  }
}

/** `ready` only once it runs: a crowd does not wait for a thread to start. */
type ThreadState = 'unstarted' | 'starting' | 'ready' | 'gone';

class EncryptionThread {
  private readonly encryptHere: ReturnType<typeof createEncryptMessage>;
  private state: ThreadState;
  private worker: Worker | null = null;
  /** In the order asked, which is that of the replies. */
  private readonly underWay: (readonly Waiting[])[] = [];

  constructor(encryptHere: ReturnType<typeof createEncryptMessage>, isWanted: boolean) {
    this.encryptHere = encryptHere;
    this.state = isWanted ? 'unstarted' : 'gone';
  }

  /** False where the thread cannot take them now. */
  take(messages: readonly Waiting[]): boolean {
    if (this.state === 'unstarted') this.start();
    if (this.state !== 'ready') return false;
    this.underWay.push(messages);
    this.worker?.postMessage(messages.map(({ keys, payload }) => ({ keys, payload })) satisfies EncryptionRequest);
    return true;
  }

  async close(): Promise<void> {
    const { worker } = this;
    this.lose();
    await worker?.terminate();
  }

  private start(): void {
    this.state = 'starting';
    // Built, the file beside this one is JavaScript; run from its source, it is not.
    const suffix = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
    const worker = new Worker(new URL(`./encryption-thread${suffix}`, import.meta.url));
    worker.unref();
    worker.once('online', () => {
      if (this.state === 'starting') this.state = 'ready';
    });
    worker.on('message', (reply: EncryptionReply) => this.answer(reply));
    worker.once('error', () => this.lose());
    worker.once('exit', () => this.lose());
    this.worker = worker;
  }

  private answer({ bodies, lengths }: EncryptionReply): void {
    let offset = 0;
    for (const [index, { resolve }] of (this.underWay.shift() ?? []).entries()) {
      const length = lengths[index] ?? null;
      resolve(length === null ? null : new Uint8Array(bodies, offset, length));
      offset += length ?? 0;
    }
  }

  /** It is gone: what it had not answered is done here, and so is all that follows. */
  private lose(): void {
    this.state = 'gone';
    this.worker = null;
    for (const messages of this.underWay.splice(0)) answerAll(messages, this.encryptHere);
  }
}
