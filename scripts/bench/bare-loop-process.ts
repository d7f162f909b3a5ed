import { connect } from 'node:http2';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import webPush from 'web-push';
import { answerQuestions } from './child.ts';
import type { BrowserSubscription } from './subscribers.ts';

export type LoopQuestion = {
  /** `bare`: what a user would write. `floor`: what encryption and HTTP/2 alone cost. */
  readonly kind: 'bare' | 'floor';
  readonly subscriptions: readonly BrowserSubscription[];
  readonly inFlight: number;
  readonly caPem: string;
  readonly plan: SendPlan;
};

/** What is sent: `warmUp` unmeasured, then `count` at a time, so many times, each after a pause. */
export type SendPlan = {
  readonly warmUp: number;
  readonly count: number;
  readonly times: number;
  readonly pauseMs: number;
};

export type LoopReply = { readonly perSecond: number; readonly cpuMicrosEach: number };

const PAYLOAD = JSON.stringify({ notification_id: 'ntf_01kdz9f1v6v6j0q2y3w4x5z6a7', type: 'bench', title: 'Hello' });

type Send = (subscription: BrowserSubscription) => Promise<unknown>;

/** `web-push.sendNotification` with kept connections, storing nothing. */
function bareSender({ inFlight, caPem }: LoopQuestion): Send {
  const agent = new HttpsAgent({ keepAlive: true, maxSockets: inFlight, ca: caPem });
  const vapid = webPush.generateVAPIDKeys();
  const vapidDetails = { subject: 'mailto:bench@example.com', ...vapid };
  return (subscription) => webPush.sendNotification(subscription, PAYLOAD, { vapidDetails, TTL: 60, agent });
}

/** A key pair, ECDH and AES for each message, and a bare HTTP/2 request, unsigned. */
function floorSender({ subscriptions, caPem }: LoopQuestion): Send {
  const session = connect(new URL(subscriptions[0]?.endpoint ?? '').origin, { ca: caPem });
  return ({ endpoint, keys }) => {
    const { cipherText } = webPush.encrypt(keys.p256dh, keys.auth, PAYLOAD, 'aes128gcm');
    return new Promise((resolve, reject) => {
      const request = session.request({
        ':method': 'POST',
        ':path': new URL(endpoint).pathname,
        ttl: '60',
        'content-encoding': 'aes128gcm',
      });
      request.on('response', resolve).on('error', reject);
      request.resume();
      request.end(cipherText);
    });
  };
}

async function sendMany(send: Send, { subscriptions, inFlight }: LoopQuestion, count: number): Promise<void> {
  let sent = 0;
  const one = async (): Promise<void> => {
    while (sent < count) {
      const subscription = subscriptions[sent % subscriptions.length];
      sent += 1;
      if (subscription !== undefined) await send(subscription);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
}

answerQuestions<LoopQuestion>(async (question) => {
  const { warmUp, count, times, pauseMs } = question.plan;
  const send = question.kind === 'bare' ? bareSender(question) : floorSender(question);
  await sendMany(send, question, warmUp);
  let [cpuMicros, ms] = [0, 0];
  for (let time = 0; time < times; time += 1) {
    await wait(pauseMs);
    const [cpu, startedAtMs] = [process.cpuUsage(), performance.now()];
    await sendMany(send, question, count);
    ms += performance.now() - startedAtMs;
    const { user, system } = process.cpuUsage(cpu);
    cpuMicros += user + system;
  }
  const sent = count * times;
  return { perSecond: sent / (ms / 1000), cpuMicrosEach: cpuMicros / sent } satisfies LoopReply;
});
