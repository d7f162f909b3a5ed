import { BENCH_SECRET } from '../service-under-test.ts';

/** Somebody who is signed in at the console of a service, as far as it shows in requests. */
export type Visitor = {
  /** How long the page took, in milliseconds, from the request to the last octet. */
  readonly open: (page: string) => Promise<number>;
  /** Takes what the overview streams until the signal. */
  readonly watch: (signal: AbortSignal) => Promise<void>;
};

export async function signIn(address: string): Promise<Visitor> {
  const answer = await fetch(`${address}/console/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    headers: { Origin: address, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ secret: BENCH_SECRET }),
  });
  const [cookie = ''] = answer.headers.getSetCookie().map((one) => one.split(';', 1)[0] ?? '');
  if (answer.status !== 303 || cookie === '') throw new Error(`signing in was answered ${answer.status}`);
  const ask = async (page: string, signal: AbortSignal | null = null): Promise<Response> => {
    const found = await fetch(`${address}/console/${page}`, {
      headers: { Cookie: cookie },
      redirect: 'manual',
      signal,
    });
    // What is searched for leads to its page.
    if (found.status !== 200 && found.status !== 303) throw new Error(`${page} was answered ${found.status}`);
    return found;
  };
  return {
    async open(page) {
      const startedAtMs = performance.now();
      await (await ask(page)).text();
      return performance.now() - startedAtMs;
    },
    async watch(signal) {
      try {
        for await (const _ of (await ask('live', signal)).body ?? []);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  };
}
