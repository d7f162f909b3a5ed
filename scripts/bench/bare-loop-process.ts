import { connect } from 'node:http2';
import { Agent as HttpsAgent } from 'node:https';
import webPush from 'web-push';
import { answerQuestions } from './child.ts';
import type { BrowserSubscription } from './subscribers.ts';

export type LoopQuestion = {
  /** `bare`: what a user would write. `floor`: what encryption and HTTP/2 alone cost. */
  readonly kind: 'bare' | 'floor';
  readonly subscriptions: readonly BrowserSubscription[];
  readonly count: number;
  readonly inFlight: number;
  readonly caPem: string;
};

export type LoopReply = { readonly perSecond: number; readonly cpuMicrosEach: number };

const PAYLOAD = JSON.stringify({ notification_id: 'ntf_01kdz9f1v6v6j0q2y3w4x5z6a7', type: 'bench', title: 'Hello' });
const WARM_UP = 200;

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
  const send = question.kind === 'bare' ? bareSender(question) : floorSender(question);
  await sendMany(send, question, WARM_UP);
  const [cpu, startedAtMs] = [process.cpuUsage(), performance.now()];
  await sendMany(send, question, question.count);
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = question.count / ((performance.now() - startedAtMs) / 1000);
  return { perSecond, cpuMicrosEach: (user + system) / question.count } satisfies LoopReply;
});
