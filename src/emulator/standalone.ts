import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, resolve } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { makeCertificate } from './certificates.ts';
import { createControlApi, type Emulators } from './control-api.ts';
import { type Emulator, startEmulator } from './emulator.ts';
import { type EmulatorSettings, EmulatorSettingsError, portSettingOf, SERVICE_NAMES } from './emulator-settings.ts';

/** Four push services, and the API that scripts them. */
export type Standalone = {
  readonly emulators: Emulators;
  /** For example `http://127.0.0.1:9440`. */
  readonly controlOrigin: string;
  /** Where the certificate authority of all four is written. */
  readonly caFile: string;
  close(): Promise<void>;
};

/** Starts all of it. Rejects with EmulatorSettingsError, and leaves nothing listening, where a setting cannot be met. */
export async function startStandalone({ controlPort, ports, caFile }: EmulatorSettings): Promise<Standalone> {
  const certificate = await makeCertificate();
  writeCa(caFile, certificate.caPem);
  const started: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(started.map((one) => one.close()));
  };
  try {
    const pairs: [string, Emulator][] = [];
    for (const profile of SERVICE_NAMES) {
      const starting = startEmulator({ profile, certificate, port: ports[profile] });
      const emulator = await unlessTaken(starting, portSettingOf(profile), ports[profile]);
      started.push(emulator);
      pairs.push([profile, emulator]);
    }
    const emulators = Object.fromEntries(pairs) as Emulators;
    const control = await unlessTaken(serveControl(emulators, controlPort), portSettingOf('control'), controlPort);
    started.push({ close: () => closeControl(control) });
    const { port } = control.address() as AddressInfo;
    return { emulators, controlOrigin: `http://127.0.0.1:${port}`, caFile: resolve(caFile), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function writeCa(caFile: string, pem: string): void {
  try {
    mkdirSync(dirname(caFile), { recursive: true });
    writeFileSync(caFile, pem);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code;
    throw new EmulatorSettingsError([
      `EMULATOR_CA_FILE is “${caFile}”, which cannot be written (${why}): name another.`,
    ]);
  }
}

async function serveControl(emulators: Emulators, port: number): Promise<Server> {
  const server = createServer(getRequestListener(createControlApi(emulators).fetch));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function closeControl(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

async function unlessTaken<T>(starting: Promise<T>, setting: string, port: number): Promise<T> {
  try {
    return await starting;
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code;
    if (why !== 'EADDRINUSE' && why !== 'EACCES') throw error;
    const problem = `${setting} is ${port}, which cannot be listened on (${why}): free the port, or name another.`;
    throw new EmulatorSettingsError([problem]);
  }
}
