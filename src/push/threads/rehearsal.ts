import { createECDH } from 'node:crypto';
import type { Socket } from 'node:net';
import process from 'node:process';
import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Agent } from 'undici';
import type { PushMessage } from '../../domain/push-service/push-message.ts';
import { FOR_EXCHANGES } from '../../egress/exchange.ts';
import { createTransportBy } from '../web-push.ts';

/** So often that V8 has compiled all of it. */
const MESSAGES = 400;
/** So few that an order that comes meanwhile waits a millisecond or two. */
const MESSAGES_A_TURN = 4;

/** A host that pushes may go to; nothing goes there. */
const ENDPOINT = 'https://fcm.googleapis.com/fcm/send/';
const ACCEPTED = 'HTTP/1.1 201 Created\r\nTTL: 60\r\nContent-Length: 0\r\n\r\n';

/**
 * Sends messages to nobody, by the very code that sends, over a connection in memory that accepts each: the first pushes after a start
 * would else take half as long again. Ends early where `isToEnd` says so, as for a crowd of real ones. Resolves to how many it sent.
 */
export async function rehearse(isToEnd: () => boolean): Promise<number> {
  const agent = new Agent({
    ...FOR_EXCHANGES,
    connections: 1,
    connect: (_, callback) => process.nextTick(callback, null, acceptingConnection() as Duplex as Socket),
  });
  const transport = createTransportBy(
    { to: () => agent, close: () => agent.destroy() },
    { vapid: { authorization: () => 'vapid t=none, k=none' }, attemptTimeoutMs: 10_000, allowedHosts: [] },
  );
  const message = messageToNobody();
  const signal = new AbortController().signal;
  let sent = 0;
  try {
    while (sent < MESSAGES && !isToEnd()) {
      for (let count = 0; count < MESSAGES_A_TURN; count += 1) {
        const { kind } = await transport.send(message, signal);
        if (kind !== 'response') return sent;
        sent += 1;
      }
      await nextTurn();
    }
    return sent;
  } finally {
    await transport.close();
  }
}

function messageToNobody(): PushMessage {
  return {
    endpoint: ENDPOINT + 'x'.repeat(150),
    keys: { p256dh: createECDH('prime256v1').generateKeys('base64url'), auth: 'A'.repeat(22) },
    vapidPublicKey: '',
    payload: JSON.stringify({ title: 'Hello', body: 'x'.repeat(200) }),
    ttlSeconds: 60,
    urgency: 'normal',
    topic: null,
  };
}

/** undici writes a request, head and body, at once. */
function acceptingConnection(): Duplex {
  const accept = (done: () => void): void => {
    connection.push(ACCEPTED);
    done();
  };
  const connection: Duplex = new Duplex({
    read: () => {},
    write: (_, __, done) => accept(done),
    writev: (_, done) => accept(done),
  });
  return connection;
}
