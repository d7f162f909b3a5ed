import { createECDH, randomBytes } from 'node:crypto';

export type Subscriber = { readonly userId: string; readonly path: string; readonly subscription: BrowserSubscription };

export type BrowserSubscription = {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
};

/** Browsers at this push service, each with keys of its own and a user of its own. */
export function makeSubscribers(origin: string, count: number, name = 'user'): readonly Subscriber[] {
  return Array.from({ length: count }, (_, index) => {
    const curve = createECDH('prime256v1');
    const path = `/wpush/v2/${randomBytes(48).toString('base64url')}`;
    const keys = {
      p256dh: curve.generateKeys().toString('base64url'),
      auth: randomBytes(16).toString('base64url'),
    };
    return { userId: `${name}-${index}`, path, subscription: { endpoint: `${origin}${path}`, keys } };
  });
}
