import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type WebSocket, WebSocketServer } from 'ws';
import { makeCertificate } from '../../src/emulator/certificates.ts';
import { mozillaProfile } from '../../src/emulator/mozilla-profile.ts';
import { checkRequest, UNKNOWN_DEVICE } from '../../src/emulator/request-check.ts';

/** A subscription as the push service knows it. `key` is the VAPID key it is bound to. */
export type Channel = { readonly channelId: string; readonly token: string; readonly key: string; isGone: boolean };

/** 100: decrypted and handed to the worker. 101: could not be decrypted. 102: not handed over. */
type Ack = { readonly channelId: string; readonly version: string; readonly code: number };

/** 200: by the page. 202: the permission was withdrawn. */
type Unregistration = { readonly channelId: string; readonly code: number };

type Message = Readonly<Record<string, unknown>> & { readonly messageType?: string };

export type MozillaPushServer = Awaited<ReturnType<typeof startMozillaPushServer>>;

/**
 * What Firefox takes for Mozilla's push service: a WebSocket for the browser, and an https endpoint for senders which
 * checks as autopush does and passes the encrypted body on.
 */
export async function startMozillaPushServer() {
  const { key, cert, caPem } = await makeCertificate();
  const channels: Channel[] = [];
  const acks: Ack[] = [];
  const unregistrations: Unregistration[] = [];
  const pushes: { status: number; octets: number }[] = [];
  const waiting: string[] = [];
  let uaid: string | null = null;
  let browser: WebSocket | null = null;

  const endpoints = createServer({ key, cert }, (request, response) => void take(request, response));
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'push-notification' });
  endpoints.listen(0, '127.0.0.1');
  await Promise.all([once(endpoints, 'listening'), once(sockets, 'listening')]);
  const allowedHost = `127.0.0.1:${(endpoints.address() as AddressInfo).port}`;
  const origin = `https://${allowedHost}`;

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const channel = channels.find(({ token }) => request.url === `/wpush/v2/${token}`);
    const { method = '', headers } = request;
    const { fault } = checkRequest(
      { method, headers, bodyOctets: body.byteLength },
      { profile: mozillaProfile, audience: origin, requiredKey: channel?.key ?? null, nowMs: Date.now() },
    );
    const answer =
      channel === undefined || fault !== null
        ? mozillaProfile.refuse(fault ?? UNKNOWN_DEVICE)
        : mozillaProfile.answer(channel.isGone ? 410 : 201, { origin, ttlSeconds: Number(headers.ttl) });
    if (answer.status === 201 && channel !== undefined) deliver(channel, body, Number(headers.ttl));
    pushes.push({ status: answer.status, octets: body.byteLength });
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  /** To the browser, now or once it is there again. No body: a push without a payload. */
  function deliver({ channelId: channelID }: Channel, body: Buffer | null, ttl: number): void {
    const encrypted = { data: body?.toString('base64url'), headers: { encoding: 'aes128gcm' } };
    const message = {
      messageType: 'notification',
      channelID,
      version: randomUUID(),
      ttl,
      ...(body === null ? {} : encrypted),
    };
    if (browser === null) waiting.push(JSON.stringify(message));
    else browser.send(JSON.stringify(message));
  }

  const handlers: Readonly<Record<string, (message: Message) => Message | undefined>> = {
    hello(message) {
      // A browser that is told another uaid than the one it came with drops its subscriptions.
      if (message.uaid !== uaid) uaid = null;
      uaid ??= randomBytes(16).toString('hex');
      return { status: 200, uaid, use_webpush: true, broadcasts: {} };
    },
    register({ channelID, key: given }) {
      const channelId = String(channelID);
      const token = randomBytes(32).toString('base64url');
      channels.push({ channelId, token, key: String(given).replace(/=+$/, ''), isGone: false });
      return { channelID: channelId, status: 200, pushEndpoint: `${origin}/wpush/v2/${token}` };
    },
    unregister({ channelID, code }) {
      unregistrations.push({ channelId: String(channelID), code: Number(code) });
      for (const channel of channels) if (channel.channelId === channelID) channel.isGone = true;
      return { channelID, status: 200 };
    },
    ack({ updates }) {
      for (const { channelID, version, code } of updates as { channelID: string; version: string; code: number }[]) {
        acks.push({ channelId: channelID, version, code });
      }
      return undefined;
    },
  };

  sockets.on('connection', (socket) => {
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as Message;
      if (message.messageType === undefined) return socket.send('{}');
      const answer = handlers[message.messageType]?.(message);
      if (answer !== undefined) socket.send(JSON.stringify({ messageType: message.messageType, ...answer }));
      if (message.messageType !== 'hello') return;
      browser = socket;
      for (const text of waiting.splice(0)) socket.send(text);
    });
    socket.on('close', () => {
      if (browser === socket) browser = null;
    });
  });

  return {
    webSocketUrl: `ws://127.0.0.1:${(sockets.address() as AddressInfo).port}/`,
    /** To be named in PUSH_ALLOWED_HOSTS. */
    allowedHost,
    caPem,
    channels,
    acks,
    unregistrations,
    /** What each push was answered, in the order they came. */
    pushes,
    deliver,
    live: () => channels.filter(({ isGone }) => !isGone),
    isConnected: () => browser !== null,
    /** The push service lost this browser: it is told a new uaid when it comes again, which is at once. */
    forgetBrowser() {
      uaid = null;
      for (const channel of channels) channel.isGone = true;
      browser?.terminate();
    },
    async close(): Promise<void> {
      for (const socket of sockets.clients) socket.terminate();
      endpoints.closeAllConnections();
      await Promise.all([new Promise((done) => sockets.close(done)), new Promise((done) => endpoints.close(done))]);
    },
  };
}
