import { createPrivateKey, sign } from 'node:crypto';
import { Agent, fetch as undiciFetch } from 'undici';
import webPush from 'web-push';
import type { Device } from '../../src/emulator/device.ts';

export const vapid = webPush.generateVAPIDKeys();
export const otherVapid = webPush.generateVAPIDKeys();

export type PushParts = {
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: Buffer;
  readonly payload?: string;
  /** Null: none at all. */
  readonly subject?: string | null;
  /** Claims of the token that differ from those of a good one. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly keys?: typeof vapid;
  readonly method?: string;
  /** Another path than the device's own. */
  readonly path?: string;
};

/** The headers and body of a push to a device, well-formed but for what `parts` say. */
export function pushTo(
  device: Pick<Device, 'subscription'>,
  parts: PushParts = {},
): { headers: Record<string, string>; body: Buffer } {
  const { endpoint, keys } = device.subscription;
  const { subject = 'mailto:ops@example.com', payload = 'hi', keys: signer = vapid } = parts;
  const claims = { aud: new URL(endpoint).origin, ...(subject !== null && { sub: subject }), ...parts.claims };
  const all = {
    TTL: '60',
    Urgency: 'normal',
    'Content-Encoding': 'aes128gcm',
    Authorization: `vapid t=${signedToken(claims, signer)}, k=${signer.publicKey}`,
    ...parts.headers,
  };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const body = parts.body ?? webPush.encrypt(keys.p256dh, keys.auth, payload, 'aes128gcm').cipherText;
  return { headers: Object.fromEntries(given), body };
}

/** Sends it over plain HTTP/1.1. */
export function post(device: Device, parts: PushParts = {}): Promise<Response> {
  const { headers, body } = pushTo(device, parts);
  const { endpoint } = device.subscription;
  const url = parts.path === undefined ? endpoint : new URL(parts.path, endpoint);
  const method = parts.method ?? 'POST';
  return fetch(url, { method, headers, ...(method === 'GET' ? {} : { body }) });
}

/** Sends it over TLS, and gives the status. */
export async function postTls(
  device: Pick<Device, 'subscription'>,
  ca: string,
  parts: PushParts = {},
): Promise<number> {
  const dispatcher = new Agent({ connect: { ca } });
  const { headers, body } = pushTo(device, parts);
  const { status } = await undiciFetch(device.subscription.endpoint, { method: 'POST', headers, body, dispatcher });
  await dispatcher.destroy();
  return status;
}

/**
 * A token with these claims, an hour to live unless they say otherwise. Signed here, since web-push refuses to sign for a
 * subject that is no URL or none.
 */
export function signedToken(claims: object, { publicKey, privateKey }: typeof vapid = vapid): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const signed = `${encode({ typ: 'JWT', alg: 'ES256' })}.${encode({ exp, ...claims })}`;
  const point = Buffer.from(publicKey, 'base64url');
  const [x, y] = [point.subarray(1, 33).toString('base64url'), point.subarray(33).toString('base64url')];
  const key = createPrivateKey({ key: { kty: 'EC', crv: 'P-256', x, y, d: privateKey }, format: 'jwk' });
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}
