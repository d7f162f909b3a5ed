import { authorizedCalls, read } from './authorized-call.ts';
import type { BellhopOptions } from './public.ts';
import { fetchPatiently } from './retry.ts';

/** What a page asks of Bellhop. Each rejects with BellhopError. */
export type Service = {
  /** The VAPID key to subscribe with, base64url. */
  publicKey(): Promise<string>;
  /** Resolves with the id of the row. */
  register(registration: object): Promise<string>;
  /** Resolves as well where there is no such row any more. */
  remove(subscriptionId: string): Promise<void>;
};

/** `url` ends with a slash. */
export function createService(url: string, token: BellhopOptions['token']): Service {
  const authorized = authorizedCalls(url, token);
  return {
    publicKey: async () => (await read(await fetchPatiently(`${url}v1/push/public-key`))).public_key as string,
    register: async (registration) =>
      (await read(await authorized('POST', () => 'v1/subscriptions', registration))).id as string,
    async remove(subscriptionId) {
      const answer = await authorized('DELETE', () => `v1/subscriptions/${subscriptionId}`);
      if (answer.status !== 404) await read(answer);
    },
  };
}
