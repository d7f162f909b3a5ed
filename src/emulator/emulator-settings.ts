/** What the standalone emulator is told by its environment. Ports: 0 takes any free one. */
export type EmulatorSettings = {
  readonly controlPort: number;
  readonly ports: Readonly<Record<ServiceName, number>>;
  readonly caFile: string;
};

/** The push services that it plays, each with an origin of its own. */
export const SERVICE_NAMES = ['fcm', 'mozilla', 'apple', 'wns'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** Every problem at once, each a sentence that says what to do. */
export class EmulatorSettingsError extends Error {
  constructor(problems: readonly string[]) {
    super(problems.map((problem) => `  - ${problem}`).join('\n'));
    this.name = 'EmulatorSettingsError';
  }
}

const DEFAULTS = {
  EMULATOR_CONTROL_PORT: '9440',
  EMULATOR_FCM_PORT: '9441',
  EMULATOR_MOZILLA_PORT: '9442',
  EMULATOR_APPLE_PORT: '9443',
  EMULATOR_WNS_PORT: '9444',
  EMULATOR_CA_FILE: './emulator-data/push-ca.pem',
} as const;
type SettingName = keyof typeof DEFAULTS;
type PortName = Exclude<SettingName, 'EMULATOR_CA_FILE'>;

/** Reads the environment; an empty value counts as unset. Throws EmulatorSettingsError. */
export function parseEmulatorSettings(environment: Readonly<Record<string, string | undefined>>): EmulatorSettings {
  const problems = unknownNames(environment);
  const textOf = (name: SettingName): string => environment[name]?.trim() || DEFAULTS[name];
  const named = new Map<number, PortName>();
  const portOf = (name: PortName): number => {
    const text = textOf(name);
    const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
    if (!(port <= 65_535))
      problems.push(`${name} is “${text}”: write a whole number from 0 to 65535; 0 is any free one.`);
    const other = named.get(port);
    if (other !== undefined && port !== 0) problems.push(`${name} and ${other} are both ${port}: each needs its own.`);
    named.set(port, name);
    return port;
  };
  const settings = {
    controlPort: portOf('EMULATOR_CONTROL_PORT'),
    ports: {
      fcm: portOf('EMULATOR_FCM_PORT'),
      mozilla: portOf('EMULATOR_MOZILLA_PORT'),
      apple: portOf('EMULATOR_APPLE_PORT'),
      wns: portOf('EMULATOR_WNS_PORT'),
    },
    caFile: textOf('EMULATOR_CA_FILE'),
  };
  if (problems.length > 0) throw new EmulatorSettingsError(problems);
  return settings;
}

/** The setting that names the port of a service. */
export function portSettingOf(service: ServiceName | 'control'): string {
  return `EMULATOR_${service.toUpperCase()}_PORT`;
}

function unknownNames(environment: Readonly<Record<string, string | undefined>>): string[] {
  const unknown = Object.keys(environment).filter((name) => name.startsWith('EMULATOR_') && !(name in DEFAULTS));
  const known = Object.keys(DEFAULTS).join(', ');
  return unknown.map((name) => `${name} is not a setting: there are ${known}.`);
}
