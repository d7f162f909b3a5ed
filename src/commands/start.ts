import { constants } from 'node:os';
import { type Config, ConfigError, hasDemoPage, parseConfig } from '../config/config.ts';
import { checkDataFolder } from '../config/data-folder.ts';
import { readEnvironment, readText, VERSION } from '../config/environment.ts';
import { loadKeys } from '../config/key-files.ts';
import { nearMissesOf } from '../config/near-misses.ts';
import type { Finding } from '../domain/finding.ts';
import { isLoopbackHost } from '../domain/loopback.ts';
import { CONSOLE_PATH } from '../http/console/console-routes.ts';
import { DEMO_PATH } from '../http/pages/demo.ts';
import { optimizeLater } from '../service/optimize-later.ts';
import { type Service, startService } from '../service/service.ts';
import { createLogger } from '../telemetry/logger.ts';
import { terminalUser } from './console-link.ts';
import { greeting } from './greeting.ts';

/** A container is killed 30 s after SIGTERM by those who are patient. */
const LAST_MOMENT_MS = 29_000;

/** Ctrl-C under npm arrives twice, from the terminal and from npm; only a later one is a person's impatience. */
const SAME_SIGNAL_MS = 1000;

/** Starts the service, and stops it on a signal. Rejects with ConfigError or AppError where it cannot start. */
export async function start(): Promise<void> {
  optimizeLater();
  const environment = readEnvironment();
  const config = parseConfig(environment, readText);
  const isWatched = process.stdout.isTTY === true;
  const log = createLogger({ level: config.logLevel, pretty: isWatched });
  for (const miss of nearMissesOf(environment)) log.warn(miss);
  checkDataFolder(config.dataDir);
  const keys = loadKeys(config);
  for (const warning of keys.warnings) log.warn(warning);
  const service = await startService({ config, keys, log, version: VERSION, examine });
  stopOnSignal(service, log);
  // The end of its terminal is the end of what somebody watches there.
  if (!isWatched) process.on('SIGHUP', () => readKeysAgain(service, log));
  if (config.vapidSubject === null) {
    log.warn('VAPID_SUBJECT is not set: Apple refuses pushes without a real mailto: or https: address of yours');
  }
  tellOfDemoPage(service.address, config, log);
  if (isWatched) process.stdout.write(greeting(service.address, config, keys, await consoleLink(service, config)));
  else
    log.info(
      {
        address: service.address,
        ...(hasDemoPage(config) ? { demo_page: service.address + DEMO_PATH } : {}),
        public_key: keys.vapid.publicKey,
        secrets: keys.files,
        version: VERSION,
      },
      'Bellhop is ready',
    );
}

/** Loaded once somebody asks for it at the console. */
async function* examine(look: { readonly isOffline: boolean }): AsyncGenerator<Finding> {
  const doctor = await import('./doctor/doctor.ts');
  yield* doctor.examine(readEnvironment, look);
}

/** For the person who watches this terminal, where nobody else reads it: on a machine that only it can call. */
async function consoleLink(service: Service, config: Config): Promise<string | null> {
  if (!config.console.isServed || !config.roles.includes('api') || !isLoopbackHost(new URL(service.address).host))
    return null;
  const { token } = await service.operators.mintLink({ name: terminalUser(), role: 'operator' });
  return `${service.address}${CONSOLE_PATH}/sign-in?link=${token}`;
}

function tellOfDemoPage(address: string, { demoPage, host }: Config, log: ReturnType<typeof createLogger>): void {
  if (demoPage === 'open') {
    log.warn(`DEMO_PAGE is on: whoever can reach ${address}${DEMO_PATH} can register a browser there and push to it`);
  } else if (demoPage === 'elsewhere') {
    log.info(
      `the demo page is off, since HOST ${host} is no loopback address; DEMO_PAGE=true opens it to whoever can reach it`,
    );
  }
}

/** Rotates API secrets without a restart. What cannot be used changes nothing. */
function readKeysAgain(service: Service, log: ReturnType<typeof createLogger>): void {
  try {
    const { apiKeys, warnings } = loadKeys(parseConfig(readEnvironment(), readText));
    service.useApiKeys(apiKeys);
    for (const warning of warnings) log.warn(warning);
    const ids = [...new Set(apiKeys.map(({ id }) => id))];
    log.info({ api_keys: ids }, `API keys were read again: ${ids.join(', ')}`);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    log.error(`API keys stay as they were. ${error.message}`);
  }
}

function stopOnSignal(service: Service, log: ReturnType<typeof createLogger>): void {
  let stoppingSinceMs: number | null = null;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stoppingSinceMs !== null) {
      if (Date.now() - stoppingSinceMs > SAME_SIGNAL_MS) process.exit(128 + constants.signals[signal]);
      return;
    }
    stoppingSinceMs = Date.now();
    log.info({ signal }, 'stopping: what is in flight ends first; a second signal ends it at once');
    setTimeout(() => process.exit(1), LAST_MOMENT_MS).unref();
    void service.stop().then(() => {
      log.info('stopped');
      process.exit(0);
    });
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
