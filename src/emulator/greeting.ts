import type { Standalone } from './standalone.ts';

/** What a person needs to go on: where everything is, how Bellhop is pointed at it, and a first device; `bellhop` is the command. */
export function greeting({ emulators, controlOrigin, caFile }: Standalone, bellhop: string): string {
  const services = Object.values(emulators);
  const allowedHosts = services.map((service) => service.allowedHost).join(',');
  return [
    '',
    '  The push service emulator is ready',
    '',
    ...services.map(({ profile, origin }) => `  ${profile.padEnd(11)} ${origin}`),
    `  Control API ${controlOrigin}`,
    `  CA file     ${caFile}`,
    '',
    '  Start Bellhop with it:',
    '',
    `    PUSH_ALLOWED_HOSTS=${allowedHosts} \\`,
    `    PUSH_CA_FILE='${caFile}' \\`,
    `    VAPID_SUBJECT=mailto:you@example.com ${bellhop}`,
    '',
    '  Make a device; the answer is its PushSubscription:',
    '',
    `    curl ${controlOrigin}/devices -d '{"profile": "fcm", "name": "phone"}'`,
    '',
    '  docs/emulator.md goes on from here. Ctrl-C stops it.',
    '',
    '',
  ].join('\n');
}
