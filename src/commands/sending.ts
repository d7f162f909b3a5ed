import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import { type Config, ConfigError, parseConfig } from '../config/config.ts';
import { readEnvironment, readText } from '../config/environment.ts';
import { type Sending, WAITING_CHOICES, type WaitingChoice } from '../domain/sending/sending.ts';
import { createSendingControl, type SendingControl } from '../intake/sending.ts';
import { askOwnService } from './own-service.ts';

const PAUSED = `Sending is paused: Bellhop accepts and keeps what comes, and sends nothing before bellhop resume.\n`;
const SENDS = 'Sending is on. What waited is sent, unless its deadline has passed.\n';
const DROPS = 'Sending is on. What was accepted before the pause ends unsent, as cancelled (dropped).\n';

/** Has nothing sent, in every process of this installation, running or not. Gives the exit code. */
export async function runPause(): Promise<number> {
  const config = parseConfig(readEnvironment(), readText);
  await change(config, { path: '/v1/sending/pause', body: null, directly: (control) => control.pause() });
  process.stdout.write(PAUSED);
  return 0;
}

/** Ends the pause, and says what becomes of what waited. Gives the exit code. */
export async function runResume(waiting: string | undefined): Promise<number> {
  const choice = WAITING_CHOICES.find((each) => each === waiting);
  if (choice === undefined) {
    process.stderr.write(
      'Say what becomes of what was accepted before the pause: --waiting=send, or --waiting=drop.\n',
    );
    return 2;
  }
  const config = parseConfig(readEnvironment(), readText);
  const body: { readonly waiting: WaitingChoice } = { waiting: choice };
  await change(config, { path: '/v1/sending/resume', body, directly: (control) => control.resume(choice) });
  process.stdout.write(choice === 'send' ? SENDS : DROPS);
  return 0;
}

type Change = {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly directly: (control: SendingControl) => Promise<Sending>;
};

/** MongoDB takes it from anybody. The file is asked for through the service that holds it. */
async function change(config: Config, { path, body, directly }: Change): Promise<void> {
  if (config.mongodbUrl === null) {
    const answer = await askOwnService(config, { path, body });
    if (answer !== null) return answer.body.dump();
    if (lstatSync(join(config.dataDir, 'bellhop.db'), { throwIfNoEntry: false }) === undefined)
      throw new ConfigError([`DATA_DIR: there is no store in ${config.dataDir}.`]);
  }
  const { openStore } = await import('../service/backends.ts');
  const { store } = await openStore({ config, clock: systemClock, onError: () => {}, isAlone: false });
  try {
    await directly(createSendingControl({ store, clock: systemClock, onChange: () => {} }));
  } finally {
    await store.close();
  }
}
