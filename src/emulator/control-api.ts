import { Hono } from 'hono';
import { prettyJSON } from 'hono/pretty-json';
import {
  behaviourSchema,
  deviceSchema,
  pushQuerySchema,
  type Read,
  readInput,
  serviceBehaviourSchema,
} from './control-schema.ts';
import type { Device } from './device.ts';
import type { Emulator } from './emulator.ts';
import { SERVICE_NAMES, type ServiceName } from './emulator-settings.ts';
import { findPushes, pushView } from './push-view.ts';

export type Emulators = Readonly<Record<ServiceName, Emulator>>;

/** What a caller did wrong, with what to do about it. */
class ControlError extends Error {
  readonly status: 400 | 404 | 409;

  constructor(status: 400 | 404 | 409, message: string) {
    super(message);
    this.status = status;
  }
}

/** The HTTP API with which devices are made, looked at and told how to behave. JSON in the emulator's own names. */
export function createControlApi(emulators: Emulators): Hono {
  const api = new Hono();
  // It is people with curl who read it.
  api.use(prettyJSON({ force: true }));
  api.get('/', (context) => context.json({ services: Object.values(emulators).map(serviceView) }));
  api.get('/counts', (context) => context.json(countsOf(emulators)));
  api.get('/pushes', (context) => {
    const query = accepted(readInput(pushQuerySchema, context.req.query()));
    return context.json({ pushes: findPushes(Object.values(emulators), query).map(pushView) });
  });
  api.put('/services/:profile/behaviour', async (context) => {
    const emulator = serviceNamed(emulators, context.req.param('profile'));
    emulator.setBehaviour(accepted(readInput(serviceBehaviourSchema, await jsonOf(context.req.raw))));
    return context.json(serviceView(emulator));
  });
  api.post('/reset', (context) => {
    for (const emulator of Object.values(emulators)) emulator.reset();
    return context.body(null, 204);
  });
  addDeviceRoutes(api, emulators);
  api.notFound((context) => {
    return context.json(
      { error: `There is no ${context.req.method} ${context.req.path}: docs/emulator.md has the routes.` },
      404,
    );
  });
  api.onError((error, context) => {
    if (error instanceof ControlError) return context.json({ error: error.message }, error.status);
    return context.json({ error: `This is a fault of the emulator’s: ${error.message}.` }, 500);
  });
  return api;
}

function addDeviceRoutes(api: Hono, emulators: Emulators): void {
  api.get('/devices', (context) => context.json({ devices: allDevices(emulators).map(deviceView) }));
  api.post('/devices', async (context) => {
    const wanted = accepted(readInput(deviceSchema, await jsonOf(context.req.raw)));
    const name = wanted.name ?? freeName(emulators, wanted.profile);
    if (findDevice(emulators, name) !== undefined) {
      throw new ControlError(409, `There is a device named ${name} already: choose another name, or POST /reset.`);
    }
    const device = emulators[wanted.profile].createDevice({ ...wanted, name });
    // The body is what a browser's own JSON is, so that it can be given on as it stands.
    return context.json(device.subscription, 201, { Location: `/devices/${device.name}` });
  });
  api.get('/devices/:name', (context) => context.json(deviceView(deviceNamed(emulators, context.req.param('name')))));
  api.get('/devices/:name/pushes', (context) => {
    const { requests } = deviceNamed(emulators, context.req.param('name'));
    return context.json({ pushes: requests.map(pushView) });
  });
  api.put('/devices/:name/behaviour', async (context) => {
    const device = deviceNamed(emulators, context.req.param('name'));
    device.setBehaviour(accepted(readInput(behaviourSchema, await jsonOf(context.req.raw))));
    return context.json(deviceView(device));
  });
}

function serviceView(emulator: Emulator) {
  const { profile, origin, allowedHost, devices } = emulator;
  return { profile, origin, allowedHost, devices: devices.length, behaviour: emulator.behaviour() };
}

function deviceView(device: Device) {
  const { name, profile, subscription, requests, received } = device;
  return {
    name,
    profile,
    subscription,
    behaviour: device.behaviour(),
    requests: requests.length,
    received: received.length,
  };
}

function countsOf(emulators: Emulators) {
  return Object.fromEntries(SERVICE_NAMES.map((name) => [name, emulators[name].counts()]));
}

function allDevices(emulators: Emulators): Device[] {
  return Object.values(emulators).flatMap((emulator) => [...emulator.devices]);
}

function findDevice(emulators: Emulators, name: string): Device | undefined {
  return allDevices(emulators).find((device) => device.name === name);
}

/** Someone may have chosen a name of this form. */
function freeName(emulators: Emulators, profile: ServiceName): string {
  let number = emulators[profile].devices.length + 1;
  while (findDevice(emulators, `${profile}-${number}`) !== undefined) number += 1;
  return `${profile}-${number}`;
}

function deviceNamed(emulators: Emulators, name: string): Device {
  const device = findDevice(emulators, name);
  if (device !== undefined) return device;
  throw new ControlError(404, `There is no device named ${name}: GET /devices lists those there are.`);
}

function serviceNamed(emulators: Emulators, name: string): Emulator {
  const service = SERVICE_NAMES.find((candidate) => candidate === name);
  if (service !== undefined) return emulators[service];
  throw new ControlError(404, `There is no service ${name}: it is one of ${SERVICE_NAMES.join(', ')}.`);
}

async function jsonOf(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch {
    throw new ControlError(400, 'The body is not JSON: send it with -d and check its quotes and commas.');
  }
}

function accepted<T>(read: Read<T>): T {
  if (read.kind === 'value') return read.value;
  throw new ControlError(400, read.sentence);
}
