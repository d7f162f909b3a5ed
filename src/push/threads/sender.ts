import process from 'node:process';
import { Worker } from 'node:worker_threads';
import type { PushMessage } from '../../domain/push-service/push-message.ts';
import type { PushResult } from '../../domain/push-service/push-outcome.ts';
import type { FromSender, SenderSettings, SenderStart, SendOrder, ToSender } from './thread-messages.ts';

/** A message on its way to a thread. */
export type Posting = {
  readonly message: PushMessage;
  readonly authorization: string | null;
  readonly signal: number;
  readonly onPosted: (() => void) | undefined;
  readonly end: (result: PushResult) => void;
  /** Sends it without the thread, which ended before it began. */
  readonly sendElsewhere: () => void;
};

export type SenderOptions = {
  readonly settings: SenderSettings;
  /** Told that the thread ended by itself, and with what. */
  readonly onLost: (error: Error) => void;
};

/** What is made for a push is gone with it: a larger young generation only takes memory. */
const LIMITS = { maxYoungGenerationSizeMb: 24 };

/** Breaking connections off takes no time; a thread that hangs is not waited for. */
const CLOSE_PATIENCE_MS = 2000;

/** A thread that sends, from this side of it. */
export class Sender {
  private readonly worker: Worker;
  private readonly begun = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  private readonly underWay = new Map<number, Posting>();
  /** Resolves once it runs, or cannot. */
  readonly settled: Promise<void>;
  private readonly gone: Promise<void>;
  private asked: SendOrder[] = [];
  private lastId = 0;
  private state: 'starting' | 'ready' | 'closing' | 'gone' = 'starting';

  constructor({ settings, onLost }: SenderOptions) {
    const workerData: SenderStart = { settings, begun: this.begun };
    this.worker = new Worker(new URL('./sender-thread.js', import.meta.url), { workerData, resourceLimits: LIMITS });
    this.worker.unref();
    let why = new Error('the thread ended');
    this.worker.on('error', (error) => {
      why = error instanceof Error ? error : new Error(String(error));
    });
    this.gone = new Promise((resolve) => {
      this.worker.once('exit', () => {
        const isLost = this.state !== 'closing';
        this.lose();
        if (isLost) onLost(why);
        resolve();
      });
    });
    this.settled = new Promise((resolve) => {
      this.worker.on('message', (told: FromSender) => {
        this.hear(told);
        resolve();
      });
      void this.gone.then(resolve);
    });
  }

  /** Whether it takes orders. */
  get isReady(): boolean {
    return this.state === 'ready';
  }

  /** Orders that have not ended. */
  get load(): number {
    return this.underWay.size;
  }

  /** Orders of one turn of the event loop go over together. */
  send(posting: Posting): void {
    const { message, authorization, signal } = posting;
    this.lastId += 1;
    this.underWay.set(this.lastId, posting);
    if (this.asked.push({ id: this.lastId, message, authorization, signal }) === 1)
      process.nextTick(() => this.flush());
  }

  /** Makes ready for a crowd while there is none. */
  rehearse(): void {
    if (this.isReady) this.tell({ kind: 'rehearse' });
  }

  giveUp(signal: number): void {
    this.flush();
    this.tell({ kind: 'give_up', signal });
  }

  /** Breaks off what is under way. Harmless when repeated. */
  async close(): Promise<void> {
    const { state } = this;
    if (state === 'starting') void this.worker.terminate();
    if (state === 'ready') this.flush();
    if (state !== 'gone') this.state = 'closing';
    if (state === 'ready') this.tell({ kind: 'close' });
    const impatience = setTimeout(() => void this.worker.terminate(), CLOSE_PATIENCE_MS);
    await this.gone;
    clearTimeout(impatience);
  }

  private flush(): void {
    if (this.asked.length === 0) return;
    const orders = this.asked;
    this.asked = [];
    this.tell({ kind: 'send', orders });
  }

  private tell(asked: ToSender): void {
    if (this.state !== 'gone') this.worker.postMessage(asked);
  }

  private hear({ posted, ended }: FromSender): void {
    // Its first word, of nothing, is that it runs.
    if (this.state === 'starting') this.state = 'ready';
    for (const id of posted) this.underWay.get(id)?.onPosted?.();
    for (const { id, result } of ended) {
      const posting = this.underWay.get(id);
      this.underWay.delete(id);
      posting?.end(result);
    }
  }

  /**
   * It is gone. What it had begun may have been sent: that counts as interrupted, and is on record so. All else is sent
   * elsewhere, unless the transport was closed.
   */
  private lose(): void {
    const isClosed = this.state === 'closing';
    this.state = 'gone';
    const begun = Atomics.load(this.begun, 0);
    for (const [id, posting] of this.underWay) {
      if (isClosed) posting.end({ kind: 'failure', failure: 'aborted' });
      // The counter wraps around; the numbers here do not.
      else if (((id - begun) | 0) <= 0) posting.end({ kind: 'failure', failure: 'crashed' });
      else posting.sendElsewhere();
    }
    this.underWay.clear();
  }
}
