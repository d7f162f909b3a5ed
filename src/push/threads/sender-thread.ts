import { parentPort, workerData } from 'node:worker_threads';
import { parseProxyExceptions } from '../../domain/push-service/proxy.ts';
import type { PushResult } from '../../domain/push-service/push-outcome.ts';
import { createWebPushTransport } from '../web-push.ts';
import { rehearse } from './rehearsal.ts';
import type { FromSender, SenderStart, SendOrder, ToSender } from './thread-messages.ts';

/*
 * A thread that encrypts and posts: the ordinary transport, with its own connections, asked by messages. What it is given in one
 * message it begins in one turn; what became of orders it tells once a turn.
 */

const { settings, begun } = workerData as SenderStart;
const { proxy } = settings;

/** Of the order that is being begun: the transport asks for it before anything that takes time. */
let authorization: string | null = null;
const transport = createWebPushTransport({
  ...settings,
  proxy: proxy === null ? null : { ...proxy, exceptions: parseProxyExceptions(proxy.exceptions) },
  vapid: { authorization: () => authorization },
});

const signals = new Map<number, { readonly controller: AbortController; underWay: number }>();
let posted: number[] = [];
let ended: { id: number; result: PushResult }[] = [];
let underWay = 0;
let isToTell = false;
let isClosing = false;
let telling: NodeJS.Timeout | null = null;

/** From so many on, an answer waits for others: a message to the other thread costs as much as a tenth of a push. */
const CROWD = 8;
const ANSWERS_WAIT_MS = 2;

function tell(): void {
  isToTell = false;
  if (telling !== null) clearTimeout(telling);
  telling = null;
  const all: FromSender = { posted, ended };
  posted = [];
  ended = [];
  parentPort?.postMessage(all);
}

/** At the end of this turn: what may begin next waits for what is posted. */
function tellSoon(): void {
  if (isToTell) return;
  isToTell = true;
  setImmediate(tell);
}

function tellOfAnswer(): void {
  if (underWay < CROWD) tellSoon();
  else if (!isToTell) telling ??= setTimeout(tell, ANSWERS_WAIT_MS);
}

function begin({ id, message, signal: number, authorization: header }: SendOrder): void {
  const signal = signals.get(number) ?? { controller: new AbortController(), underWay: 0 };
  signals.set(number, signal);
  signal.underWay += 1;
  underWay += 1;
  authorization = header;
  const onPosted = (): void => {
    posted.push(id);
    tellSoon();
  };
  void transport.send(message, signal.controller.signal, onPosted).then((result) => {
    signal.underWay -= 1;
    underWay -= 1;
    if (signal.underWay === 0) signals.delete(number);
    ended.push({ id, result: portable(result) });
    tellOfAnswer();
  });
}

/** What was broken off has ended by now. */
function end(): void {
  tell();
  parentPort?.close();
}

/** Whatever was thrown, as something that can be copied. */
function portable(result: PushResult): PushResult {
  if (result.kind === 'response' || result.failure !== 'unknown') return result;
  const { thrown } = result;
  const copy = new Error(thrown instanceof Error ? thrown.message : String(thrown));
  if (thrown instanceof Error && thrown.stack !== undefined) copy.stack = thrown.stack;
  return { ...result, thrown: copy };
}

parentPort?.on('message', (asked: ToSender) => {
  switch (asked.kind) {
    case 'send':
      Atomics.add(begun, 0, asked.orders.length);
      for (const order of asked.orders) begin(order);
      return;
    case 'give_up':
      signals.get(asked.signal)?.controller.abort();
      return;
    case 'rehearse':
      void rehearse(() => isClosing || underWay >= CROWD);
      return;
    case 'close':
      isClosing = true;
      void transport.close().then(() => setImmediate(end));
  }
});

// Its first word: it runs.
parentPort?.postMessage({ posted, ended } satisfies FromSender);
