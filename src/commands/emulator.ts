import { readEnvironment } from '../config/environment.ts';
import { whatEmulatorLacks } from './emulator-parts.ts';

/** Plays four push services until a signal ends it. Gives the exit code where it does not start. */
export async function runEmulator(): Promise<number | null> {
  const parts = await loadParts();
  if (typeof parts === 'string') {
    process.stderr.write(`The push service emulator does not start: ${parts}\n`);
    return 1;
  }
  const { EmulatorSettingsError, greeting, parseEmulatorSettings, startStandalone } = parts;
  const environment = readEnvironment();
  try {
    const standalone = await startStandalone(parseEmulatorSettings(environment));
    stopOnSignal(standalone);
    const bellhop = environment.npm_lifecycle_event === 'emulator' ? 'npm start' : 'bellhop start';
    process.stdout.write(greeting(standalone, bellhop));
    return null;
  } catch (error) {
    if (!(error instanceof EmulatorSettingsError)) throw error;
    process.stderr.write(`The push service emulator does not start:\n${error.message}\n`);
    return 1;
  }
}

/** The emulator; or, as a sentence, what of it is not here. */
async function loadParts() {
  try {
    const { EmulatorSettingsError, parseEmulatorSettings } = await import('../emulator/emulator-settings.ts');
    const { greeting } = await import('../emulator/greeting.ts');
    const { startStandalone } = await import('../emulator/standalone.ts');
    return { EmulatorSettingsError, parseEmulatorSettings, greeting, startStandalone };
  } catch (error) {
    const lack = whatEmulatorLacks(error);
    if (lack === null) throw error;
    return lack;
  }
}

function stopOnSignal(standalone: { close(): Promise<void> }): void {
  let isStopping = false;
  const onSignal = (): void => {
    // Ctrl-C under npm arrives twice, from the terminal and from npm.
    if (isStopping) return;
    isStopping = true;
    void standalone.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
