import type { WebhookAnswer } from '../../../src/domain/webhook/webhook-delivery.ts';
import type { PostWebhook, WebhookRequest } from '../../../src/domain/webhook/webhook-request.ts';
import type { Dice } from './random.ts';
import { type Life, never, type WorldTime } from './world-time.ts';

/** What a receiver says of a request that it does not take. */
const REFUSALS: readonly WebhookAnswer[] = [
  { kind: 'response', status: 500, retryAfter: null },
  { kind: 'response', status: 429, retryAfter: '20' },
  { kind: 'failure', failure: 'timeout' },
];

/** Where events are sent to: whoever listens takes most of them. */
export class WebhookReceivers {
  /** The share of requests that are refused, from 0 to 1. */
  fails: number;
  /** Ids of the events that were taken, by URL. */
  readonly taken = new Map<string, Set<string>>();
  /** When each of them last refused something, by URL. */
  readonly refusedAtMs = new Map<string, number>();
  private readonly time: WorldTime;
  private readonly dice: Dice;

  constructor(time: WorldTime, dice: Dice, fails: number) {
    this.time = time;
    this.dice = dice;
    this.fails = fails;
  }

  /** How one process reaches them. */
  postOf(life: Life): PostWebhook {
    return async (request, signal) => {
      if (!life.isAlive) return never();
      await this.time.sleep(this.dice.between(5, this.dice.isTrue(0.2) ? 4000 : 100));
      if (signal.aborted) return { kind: 'failure', failure: 'aborted' };
      const answer = this.answerTo(request);
      return life.isAlive ? answer : never();
    };
  }

  private answerTo({ url, id }: WebhookRequest): WebhookAnswer {
    if (this.dice.isTrue(this.fails)) {
      this.refusedAtMs.set(url, this.time.nowMs);
      return this.dice.pick(REFUSALS);
    }
    this.taken.set(url, (this.taken.get(url) ?? new Set()).add(id));
    return { kind: 'response', status: 200, retryAfter: null };
  }
}
