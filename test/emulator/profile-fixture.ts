import { afterEach, beforeEach } from 'vitest';
import type { Device } from '../../src/emulator/device.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import type { ProfileName } from '../../src/emulator/profile.ts';
import { type PushParts, post, vapid } from './push-request.ts';

export const withHeader = (name: string, value: string | undefined): PushParts => ({ headers: { [name]: value } });

/** A push service and one device of it, fresh for each test. */
export class Played {
  emulator!: Emulator;
  device!: Device;

  pathOf(device: Device): string {
    return device.subscription.endpoint.slice(this.emulator.origin.length);
  }

  post(parts?: PushParts): Promise<Response> {
    return post(this.device, parts);
  }

  /** Status and body of the answer, the body parsed where it is JSON. */
  async answerTo(parts: PushParts): Promise<[status: number, body: unknown]> {
    const response = await this.post(parts);
    const text = await response.text();
    return [response.status, response.headers.get('content-type') === 'application/json' ? JSON.parse(text) : text];
  }

  /** The answer to a well-formed push where the script says only the status. */
  scripted(status: number): Promise<[status: number, body: unknown]> {
    this.device.setBehaviour([{ status }]);
    return this.answerTo({});
  }
}

/** Has this service played around each test of a file, or of a describe. */
export function play(profile: ProfileName): Played {
  const played = new Played();
  beforeEach(async () => {
    played.emulator = await startEmulator({ profile, tls: false });
    played.device = played.emulator.createDevice({ applicationServerKey: vapid.publicKey });
  });
  afterEach(() => played.emulator.close());
  return played;
}
