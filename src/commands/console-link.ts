import { userInfo } from 'node:os';
import { createOperators } from '../access/operators.ts';
import { systemClock } from '../clock.ts';
import { type Config, ConfigError, parseConfig } from '../config/config.ts';
import { readEnvironment, readText } from '../config/environment.ts';
import { heldApiKeys } from '../config/key-files.ts';
import { isOperatorName, OPERATOR_ROLES, type Operator } from '../domain/operator/operator.ts';
import { askOwnService, ownAddress } from './own-service.ts';

const NO_SERVICE = 'No Bellhop listens here, so no link would lead anywhere: start it first.';
const NO_ROLE = `--role is one of ${OPERATOR_ROLES.join(' and ')}.\n`;
const NO_NAME = '--name is 1 to 64 letters, digits, spaces and . _ @ + - and begins with a letter or digit.\n';

/** Prints a link that signs one person in to the console. Gives the exit code. */
export async function runConsoleLink(given: {
  readonly role: string;
  readonly name: string | undefined;
}): Promise<number> {
  const role = OPERATOR_ROLES.find((each) => each === given.role);
  const name = given.name ?? terminalUser();
  if (role === undefined || !isOperatorName(name)) {
    process.stderr.write(role === undefined ? NO_ROLE : NO_NAME);
    return 2;
  }
  const config = parseConfig(readEnvironment(), readText);
  const path = await linkPath(config, { role, name });
  process.stdout.write(`${consoleAddress(config)}${path}\n`);
  process.stderr.write(`Good once, for five minutes, for ${name} as ${role}.\n`);
  return 0;
}

/** Signs everybody out, and takes back links that were not used yet. Gives the exit code. */
export async function runRevokeSessions(): Promise<number> {
  const config = parseConfig(readEnvironment(), readText);
  const sessions = await revoke(config);
  process.stdout.write(
    `${sessions === 1 ? 'One session' : `${sessions} sessions`} of the console ended, and every link is taken back.\n`,
  );
  return 0;
}

/** Who sits at this terminal, as the system has it. */
export function terminalUser(): string {
  try {
    const { username } = userInfo();
    return isOperatorName(username) ? username : 'operator';
  } catch {
    // A container may run as a user that has no name.
    return 'operator';
  }
}

/** Where people open the console, without a slash at the end. */
function consoleAddress(config: Config): string {
  return config.console.url ?? ownAddress(config) ?? '';
}

/** MongoDB takes it from anybody who has its password. The file is asked for through the service that holds it. */
async function linkPath(config: Config, operator: Operator): Promise<string> {
  if (config.mongodbUrl !== null) {
    const { token } = await onStore(config, (operators) => operators.mintLink(operator));
    return `/console/sign-in?link=${token}`;
  }
  const answer = await askOwnService(config, { path: '/v1/console-links', body: operator });
  if (answer === null) throw new ConfigError([NO_SERVICE]);
  return ((await answer.body.json()) as { path: string }).path;
}

async function revoke(config: Config): Promise<number> {
  if (config.mongodbUrl === null) {
    const answer = await askOwnService(config, { path: '/v1/console-sessions/revoke', body: null });
    if (answer !== null) return ((await answer.body.json()) as { sessions: number }).sessions;
  }
  return onStore(config, (operators) => operators.revokeAll());
}

async function onStore<Value>(
  config: Config,
  work: (operators: ReturnType<typeof createOperators>) => Promise<Value>,
): Promise<Value> {
  const { openStore } = await import('../service/backends.ts');
  const { store } = await openStore({ config, clock: systemClock, onError: () => {}, isAlone: false });
  try {
    return await work(createOperators({ keys: () => heldApiKeys(config), store: store.operators, clock: systemClock }));
  } finally {
    await store.close();
  }
}
