import { randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { ServiceProcess } from '../../scripts/service-process.ts';
import { type Answer, type SignedClient, signedClient } from '../../scripts/signed-client.ts';

/** Processes of one installation. Null in the place of one that was killed, until it is started again. */
export type Services = (ServiceProcess | null)[];

/** As a back end that tries again: whoever lives answers. */
export function callAnyOf(services: () => Services): SignedClient {
  return async (...args): Promise<Answer> => {
    for (;;) {
      const alive = services().filter((service) => service !== null);
      const service = alive[randomInt(Math.max(1, alive.length))];
      const answer = await (service && signedClient(service.address, service.secret)(...args).catch(() => null));
      if (answer && answer.status < 500) return answer;
      await wait(50);
    }
  };
}

/** Kills one with SIGKILL, whichever it is, and starts another in its place. */
export async function killOneOf(services: Services, start: () => Promise<ServiceProcess>): Promise<void> {
  const place = randomInt(services.length);
  const victim = services[place];
  services[place] = null;
  await victim?.stop('SIGKILL');
  services[place] = await start();
}
