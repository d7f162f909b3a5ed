import type { Device } from './device.ts';
import type { ReceivedPush } from './push-log.ts';

/** How many requests ended with each status; `none` are those not answered, or not yet. */
type StatusCounts = Readonly<Record<string, number>>;

type DeviceCounts = {
  readonly requests: number;
  /** Accepted with a 2xx. */
  readonly received: number;
  readonly byStatus: StatusCounts;
};

export type Counts = DeviceCounts & {
  /** Requests to an endpoint that no device has; they are in no other number. */
  readonly unknownDevice: number;
  readonly byDevice: Readonly<Record<string, DeviceCounts>>;
};

/** Counts what came to these devices. */
export function countPushes(devices: readonly Device[], unknownDevice: number): Counts {
  const requests = devices.flatMap((device) => device.requests);
  return {
    requests: requests.length,
    received: devices.reduce((sum, device) => sum + device.received.length, 0),
    byStatus: countStatuses(requests),
    unknownDevice,
    byDevice: Object.fromEntries(devices.map((device) => [device.name, countDevice(device)])),
  };
}

function countDevice({ requests, received }: Device): DeviceCounts {
  return { requests: requests.length, received: received.length, byStatus: countStatuses(requests) };
}

function countStatuses(requests: readonly ReceivedPush[]): StatusCounts {
  const counts: Record<string, number> = {};
  for (const { status } of requests) {
    const key = status === null ? 'none' : String(status);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
