import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/emulator.ts';
import type { ProfileName } from '../../src/emulator/profile.ts';

/** The names that the services go by: Bellhop knows each by its own. */
const HOSTS: Readonly<Record<ProfileName, string>> = {
  fcm: 'fcm.googleapis.com',
  mozilla: 'updates.push.services.mozilla.com',
  apple: 'web.push.apple.com',
  wns: 'wns2-db5p.notify.windows.com',
  generic: 'push.example',
};

/** A push service with its manners and under its own name, which a resolver has to lead to 127.0.0.1. */
export function startService(profile: ProfileName, options: EmulatorOptions = {}): Promise<Emulator> {
  return startEmulator({ profile, host: HOSTS[profile], http2: false, ...options });
}
