import { type Device, readDevice, writeDevice } from './device.ts';
import { BellhopError } from './public.ts';

/** As `readDevice`, for pages: rejects with BellhopError. The worker is smaller without that class. */
export function recallDevice(scope: string): Promise<Device | null> {
  return orStorageFailed(readDevice(scope));
}

/** As `writeDevice`, for pages: rejects with BellhopError. */
export function keepDevice(scope: string, device: Device | null): Promise<void> {
  return orStorageFailed(writeDevice(scope, device));
}

function orStorageFailed<T>(work: Promise<T>): Promise<T> {
  return work.catch((cause: unknown) => {
    throw new BellhopError('storage_failed', 'IndexedDB cannot be used here; this browser may block site data.', {
      cause,
    });
  });
}
