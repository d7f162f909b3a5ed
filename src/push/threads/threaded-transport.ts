import type { PushMessage } from '../../domain/push-service/push-message.ts';
import type { PushResult } from '../../domain/push-service/push-outcome.ts';
import { type PushTarget, pushTargetOf } from '../../domain/push-service/push-target.ts';
import { failedAt } from '../../egress/failures.ts';
import type { PushTransport } from '../push-transport.ts';
import { createWebPushTransport, type WebPushTransportOptions } from '../web-push.ts';
import { Sender, type SenderOptions } from './sender.ts';
import { SignalNumbers } from './signals.ts';

export type ThreadedTransportOptions = WebPushTransportOptions & {
  /** How many threads send beside this one; none: all is sent here. */
  readonly threads: number;
  /** Told that a thread ended by itself, and with what. */
  readonly onLost: SenderOptions['onLost'];
};

export type ThreadedTransport = PushTransport & {
  /** Starts the threads. Resolves once they run, or cannot be had. Harmless when repeated. */
  start(): Promise<void>;
};

/** A thread that ended is replaced after this time, so that one that cannot run does not take all of it. */
const REPLACED_AFTER_MS = 10_000;

/**
 * Web Push by threads of their own, which encrypt, keep the connections and speak TLS: this thread keeps claims and commits. It signs,
 * since it has the keys. While no thread runs, all is sent here. A resolver that is given is of this thread, and so are
 * then all sends.
 */
export function createThreadedTransport(options: ThreadedTransportOptions): ThreadedTransport {
  const crew = new Crew(options);
  let closing: Promise<void> | null = null;

  return {
    start: () => crew.start(),
    async send(message, signal, onPosted) {
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

type SendParameters = Parameters<PushTransport['send']>;

class Crew {
  private readonly options: ThreadedTransportOptions;
  private readonly here: PushTransport;
  private readonly signals: SignalNumbers;
  private senders: Sender[] = [];
  private hasStarted = false;
  private isClosed = false;

  constructor(options: ThreadedTransportOptions) {
    this.options = options;
    this.here = createWebPushTransport(options);
    this.signals = new SignalNumbers((number) => {
      for (const sender of this.senders) sender.giveUp(number);
    });
  }

  async start(): Promise<void> {
    const { threads, resolve } = this.options;
    if (this.hasStarted || this.isClosed || resolve !== undefined) return;
    this.hasStarted = true;
    await Promise.all(Array.from({ length: threads }, () => this.hire()));
  }

  /** The one that has the fewest messages under way; null while there is none. */
  freest(): Sender | null {
    let freest: Sender | null = null;
    for (const sender of this.senders) {
      if (sender.isReady && (freest === null || sender.load < freest.load)) freest = sender;
    }
    return freest;
  }

  sendHere(...parameters: SendParameters): Promise<PushResult> {
    return this.here.send(...parameters);
  }

  sendBy(sender: Sender, ...[message, signal, onPosted]: SendParameters): Promise<PushResult> {
    const target = targetOf(message);
    let authorization: string | null;
    try {
      authorization = target === null ? null : this.options.vapid.authorization(target.origin, message.vapidPublicKey);
    } catch (error) {
      return Promise.resolve(failedAt(target?.hostname ?? '', error));
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
    await Promise.all([this.here.close(), ...this.senders.map((sender) => sender.close())]);
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
function targetOf({ endpoint }: PushMessage): PushTarget | null {
  try {
    return pushTargetOf(endpoint);
  } catch {
    return null;
  }
}
