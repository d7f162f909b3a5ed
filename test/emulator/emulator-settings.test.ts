import { describe, expect, test } from 'vitest';
import { EmulatorSettingsError, parseEmulatorSettings } from '../../src/emulator/emulator-settings.ts';

function problemsOf(environment: Record<string, string>): string[] {
  try {
    parseEmulatorSettings(environment);
  } catch (error) {
    if (error instanceof EmulatorSettingsError) return error.message.split('\n');
  }
  return [];
}

describe('the settings of the standalone emulator', () => {
  test('have defaults, which an empty value does not change', () => {
    const defaults = {
      controlPort: 9440,
      ports: { fcm: 9441, mozilla: 9442, apple: 9443, wns: 9444 },
      caFile: './emulator-data/push-ca.pem',
    };
    expect(parseEmulatorSettings({ PATH: '/bin', PORT: 'not ours' })).toEqual(defaults);
    expect(parseEmulatorSettings({ EMULATOR_FCM_PORT: '', EMULATOR_CA_FILE: ' ' })).toEqual(defaults);
  });

  test('can all be set, and any number of ports left open', () => {
    const environment = {
      EMULATOR_CONTROL_PORT: '0',
      EMULATOR_FCM_PORT: '0',
      EMULATOR_MOZILLA_PORT: '2',
      EMULATOR_APPLE_PORT: '3',
      EMULATOR_WNS_PORT: '65535',
      EMULATOR_CA_FILE: '/tmp/ca.pem',
    };
    expect(parseEmulatorSettings(environment)).toEqual({
      controlPort: 0,
      ports: { fcm: 0, mozilla: 2, apple: 3, wns: 65_535 },
      caFile: '/tmp/ca.pem',
    });
  });

  test('are refused with a sentence each, all at once', () => {
    const environment = {
      EMULATOR_CONTROL_PORT: '9444',
      EMULATOR_FCM_PORT: '65536',
      EMULATOR_APPLE_PORT: '-1',
      EMULATOR_PORT: '1',
    };
    expect(problemsOf(environment)).toEqual([
      expect.stringMatching(/EMULATOR_PORT is not a setting: there are EMULATOR_CONTROL_PORT, .*\.$/),
      expect.stringContaining('EMULATOR_FCM_PORT is “65536”: write a whole number from 0 to 65535'),
      expect.stringContaining('EMULATOR_APPLE_PORT is “-1”: write a whole number'),
      expect.stringContaining('EMULATOR_WNS_PORT and EMULATOR_CONTROL_PORT are both 9444: each needs its own.'),
    ]);
  });
});
