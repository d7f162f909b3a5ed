import { EmulatorSettingsError, parseEmulatorSettings } from './emulator-settings.ts';
import { greeting } from './greeting.ts';
import { type Standalone, startStandalone } from './standalone.ts';

try {
  const standalone = await startStandalone(parseEmulatorSettings(process.env));
  stopOnSignal(standalone);
  process.stdout.write(greeting(standalone));
} catch (error) {
  if (!(error instanceof EmulatorSettingsError)) throw error;
  process.stderr.write(`The push service emulator does not start:\n${error.message}\n`);
  process.exitCode = 1;
}

function stopOnSignal(standalone: Standalone): void {
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
