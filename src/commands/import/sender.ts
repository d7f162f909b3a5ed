import { setTimeout } from 'node:timers/promises';
import type { Config } from '../../config/config.ts';
import { AppError } from '../../domain/app-error.ts';
import { askOwnService } from '../own-service.ts';
import type { ImportLine } from './import-line.ts';

/** What the service says became of a line. */
export type Outcome = {
  readonly result: string;
  readonly subscription_id: string | null;
  readonly code: string | null;
  readonly reason: string | null;
};

export type Sender = (lines: readonly ImportLine[]) => Promise<readonly Outcome[]>;

/** The service could not be asked, and was not within this time. */
export class ServiceAway extends Error {}

/** Longer than a restart takes. */
const PATIENCE_MS = 30_000;
const RETRY_MS = 1000;

/**
 * Sends lines to the Bellhop that runs beside this command. What did not arrive is sent again: nothing is imported twice.
 * Rejects with AppError where it refuses at once, or with ServiceAway.
 */
export function createSender(config: Config, { isDryRun }: { readonly isDryRun: boolean }): Sender {
  let hasAnswered = false;
  return async (subscriptions) => {
    const body = { subscriptions, dry_run: isDryRun };
    const untilMs = performance.now() + (hasAnswered ? PATIENCE_MS : 0);
    for (;;) {
      try {
        const answer = await askOwnService(config, { path: '/v1/subscriptions/import', body });
        if (answer !== null) {
          hasAnswered = true;
          return ((await answer.body.json()) as { items: readonly Outcome[] }).items;
        }
        if (performance.now() >= untilMs) throw new ServiceAway(nobodyAt(config));
      } catch (error) {
        const mayPass = !(error instanceof ServiceAway) && !(error instanceof AppError && error.code !== AWAY);
        if (!mayPass) throw error;
        if (performance.now() >= untilMs) throw new ServiceAway(error instanceof AppError ? error.message : BROKE_OFF);
      }
      await setTimeout(RETRY_MS);
    }
  };
}

const AWAY = 'store_unavailable';
const BROKE_OFF = 'The connection broke off.';

function nobodyAt({ host, port }: Config): string {
  return (
    `No Bellhop listens at ${host}:${port}: start it first, and give this command the settings that it has (PORT, HOST, ` +
    'DATA_DIR). In a container: docker exec -i CONTAINER bellhop import - < FILE'
  );
}
