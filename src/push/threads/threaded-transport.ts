import type { PushMessage } from '../../domain/push-service/push-message.ts';
import type { PushResult } from '../../domain/push-service/push-outcome.ts';
import { pushTargetOf } from '../../domain/push-service/push-target.ts';
import type { PushTransport } from '../push-transport.ts';
import type { WebPushTransportOptions } from '../web-push.ts';
import { Sender, type SenderOptions } from './sender.ts';
import { SignalNumbers } from './signals.ts';

export type ThreadedTransportOptions = WebPushTransportOptions & {
  /** How many threads send beside this one; none: all is sent here. */
  readonly threads: number;
  /** Told that a thread ended by itself, and with what. */
  readonly onLost: SenderOptions['onLost'];
};

export type ThreadedTransport = PushTransport & {
  /** Starts the threads, as the first send would. Resolves once they run, or cannot be had. Harmless when repeated. */
  start(): Promise<void>;
  /** Starts them, and has them rehearse what they will do. Not for a process that has other work. */
  warmUp(): Promise<void>;
};

/** Two send more than one thread that claims and commits can give them. */
const MOST_THREADS = 2;

/** Run from its source, as tests do, a thread has nothing to run: Node 20 starts none from TypeScript. */
const IS_BUILT = import.meta.url.endsWith('.js');

/** A thread that ended is replaced after this time, so that one that cannot run does not take all of it. */
const REPLACED_AFTER_MS = 10_000;

/**
 * Web Push by threads of their own, which encrypt, keep the connections and speak TLS: this thread keeps claims and commits. It signs,
 * since it has the keys. Where no thread can run, all is sent here. A resolver that is given is of this thread, and so are
 * then all sends.
 */
export function createThreadedTransport(options: ThreadedTransportOptions): ThreadedTransport {
  const crew = new Crew(options);
  let closing: Promise<void> | null = null;

  return {
    start: () => crew.start(),
    async warmUp() {
      await crew.start();
      crew.rehearse();
    },
    async send(message, signal, onPosted) {
      // Until one runs this waits: to load here what sends would hold up this thread for as long.
      if (!crew.hasSettled) await crew.start();
      const sender = signal.aborted ? null : crew.freest();
      return sender === null
        ? crew.sendHere(message, signal, onPosted)
        : crew.sendBy(sender, message, signal, onPosted);
    },
    close() {
      closing ??= crew.close();
      return closing;
    },
  };
}

/** How many threads send beside the main one. On one core, none: it would only be in the way. */
export function threadsFor(cores: number): number {
  return Math.min(cores - 1, MOST_THREADS);
}

type SendParameters = Parameters<PushTransport['send']>;

class Crew {
  private readonly options: ThreadedTransportOptions;
  private here: Promise<PushTransport> | null = null;
  private readonly signals: SignalNumbers;
  private senders: Sender[] = [];
  private starting: Promise<void> | null = null;
  private isClosed = false;
  /** Whether its first threads run, or cannot. */
  hasSettled = false;

  constructor(options: ThreadedTransportOptions) {
    this.options = options;
    this.signals = new SignalNumbers((number) => {
      for (const sender of this.senders) sender.giveUp(number);
    });
  }

  start(): Promise<void> {
    this.starting ??= this.open().finally(() => {
      this.hasSettled = true;
    });
    return this.starting;
  }

  rehearse(): void {
    for (const sender of this.senders) sender.rehearse();
  }

  /** The one that has the fewest messages under way; null while there is none. */
  freest(): Sender | null {
    let freest: Sender | null = null;
    for (const sender of this.senders) {
      if (sender.isReady && (freest === null || sender.load < freest.load)) freest = sender;
    }
    return freest;
  }

  async sendHere(...parameters: SendParameters): Promise<PushResult> {
    if (this.here === null && this.isClosed) return { kind: 'failure', failure: 'aborted' };
    const here = await this.loadHere();
    return here.send(...parameters);
  }

  sendBy(sender: Sender, ...[message, signal, onPosted]: SendParameters): Promise<PushResult> {
    let authorization: string | null;
    try {
      authorization = this.authorizationFor(message);
    } catch {
      // It meets the same again, as a value.
      return this.sendHere(message, signal, onPosted);
    }
    return new Promise((resolve) => {
      const number = this.signals.hold(signal);
      sender.send({
        message,
        authorization,
        signal: number,
        onPosted,
        end: (result) => {
          this.signals.letGo(signal);
          resolve(result);
        },
        sendElsewhere: () => {
          this.signals.letGo(signal);
          resolve(this.sendHere(message, signal, onPosted));
        },
      });
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const closeHere = async (): Promise<void> => (await this.here)?.close();
    await Promise.all([closeHere(), ...this.senders.map((sender) => sender.close())]);
  }

  /** Loaded once something is sent here: it is a tenth of a start, and with threads mostly not used. */
  private loadHere(): Promise<PushTransport> {
    this.here ??= import('../web-push.ts').then(({ createWebPushTransport }) => createWebPushTransport(this.options));
    return this.here;
  }

  private authorizationFor(message: PushMessage): string | null {
    const origin = originOf(message);
    return origin === null ? null : this.options.vapid.authorization(origin, message.vapidPublicKey);
  }

  private async open(): Promise<void> {
    const { threads, resolve } = this.options;
    if (this.isClosed) return;
    if (threads === 0) await this.loadHere();
    if (!IS_BUILT || resolve !== undefined) return;
    await Promise.all(Array.from({ length: threads }, () => this.hire()));
  }

  private hire(): Promise<void> {
    const { attemptTimeoutMs, allowedHosts, caPem, proxy, maxConnectionsPerOrigin } = this.options;
    const settings = {
      attemptTimeoutMs,
      allowedHosts,
      caPem,
      proxy: proxy == null ? null : { ...proxy, exceptions: proxy.exceptions.text },
      ...(maxConnectionsPerOrigin === undefined ? {} : { maxConnectionsPerOrigin }),
    };
    const sender = new Sender({ settings, onLost: (error) => this.replace(sender, error) });
    this.senders.push(sender);
    return sender.settled;
  }

  private replace(lost: Sender, error: Error): void {
    this.senders = this.senders.filter((sender) => sender !== lost);
    if (this.isClosed) return;
    this.options.onLost(error);
    const again = setTimeout(() => {
      if (!this.isClosed) void this.hire();
    }, REPLACED_AFTER_MS);
    again.unref();
  }
}

/** Null for an endpoint that is no URL: whoever sends refuses it. */
function originOf({ endpoint }: PushMessage): string | null {
  try {
    return pushTargetOf(endpoint).origin;
  } catch {
    return null;
  }
}
