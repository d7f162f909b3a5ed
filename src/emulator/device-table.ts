import { type Device, type DeviceOptions, makeDevice, type ServedDevice } from './device.ts';
import type { Profile } from './profile.ts';
import type { PushLog } from './push-log.ts';

export type DeviceTable = {
  /** In the order they were made. */
  readonly all: readonly Device[];
  add(origin: string, options: DeviceOptions): Device;
  /** The device whose endpoint has this path, query included. */
  find(path: string): ServedDevice | undefined;
  clear(): void;
};

/** The devices of one push service. */
export function createDeviceTable(profile: Profile, log: PushLog): DeviceTable {
  const all: Device[] = [];
  const byToken = new Map<string, ServedDevice>();
  const prefix = profile.name === 'generic' ? 'device' : profile.name;

  return {
    all,
    add(origin, options) {
      const index = all.length;
      const token = profile.makeToken();
      const endpoint = `${origin}${profile.paths[index % profile.paths.length]}${token}`;
      const name = options.name ?? `${prefix}-${index + 1}`;
      const device = makeDevice({ name, profile: profile.name, index, endpoint }, options, log);
      all.push(device);
      byToken.set(token, device);
      return device;
    },
    find(path) {
      const start = profile.paths.find((candidate) => path.startsWith(candidate));
      return start === undefined ? undefined : byToken.get(path.slice(start.length));
    },
    clear() {
      all.length = 0;
      byToken.clear();
    },
  };
}
