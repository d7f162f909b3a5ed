import { cpuMicrosOf } from './process-usage.ts';
import { type ServiceUnderTest, startService } from './service-under-test.ts';
import type { Sink } from './sink.ts';
import { makeSubscribers } from './subscribers.ts';

export type VariablesOptions = {
  readonly sink: Sink;
  readonly rounds: number;
  readonly recipients: number;
  /** Sent for each measurement. */
  readonly notifications: number;
};

/** Processor time for each push, by what it says; one number a round. */
export type VariablesFigures = { readonly name: string; readonly cpuMicrosEach: readonly number[] };

const VARIABLES = { name: 'string', n: 'number', at: 'datetime', order: 'string' };
const PLAIN = { title: 'Your parcel is on the way', body: 'Hello {name}: it comes today.', url: '/orders/{order}' };
const RICH = {
  title: '{n, plural, one {Your parcel is} other {Your # parcels are}} on the way',
  body: 'Hello {name}: {at, date, full}, about {at, time, short}.',
  url: '/orders/{order}',
};
const TEMPLATES = { plain: PLAIN, rich: RICH };

type Contender = { readonly name: string; readonly bodyOf: (userIds: readonly string[]) => object };

const CONTENDERS: readonly Contender[] = [
  {
    name: 'the same for all',
    bodyOf: (user_ids) => ({
      title: 'Your parcel is on the way',
      body: 'Hello Ada: it comes today.',
      url: '/orders/a-1',
      user_ids,
    }),
  },
  { name: 'own variables, plain', bodyOf: (userIds) => personal('plain', userIds) },
  { name: 'own variables, plural and dates', bodyOf: (userIds) => personal('rich', userIds) },
];

function personal(key: keyof typeof TEMPLATES, userIds: readonly string[]): object {
  const recipients = userIds.map((user_id, index) => ({
    user_id,
    variables: {
      name: `Ada ${index}`,
      n: 1 + (index % 3),
      at: new Date(Date.UTC(2026, 0, 1 + (index % 365), index % 24)).toISOString(),
      order: `a-${index}`,
    },
  }));
  return { template: { key }, recipients };
}

/** Embedded, one process for all rounds: each contender in each round, so that a noisy minute is everybody's. */
export async function measureVariables(options: VariablesOptions): Promise<readonly VariablesFigures[]> {
  const { sink, rounds, recipients } = options;
  const service = await startService({ sink });
  try {
    const subscribers = makeSubscribers(sink.origin, recipients);
    await service.register(subscribers);
    for (const [key, text] of Object.entries(TEMPLATES)) {
      const body = { default_locale: 'en', variables: VARIABLES, locales: { en: text } };
      await taken(service, 'PUT', `/v1/templates/${key}`, body, 200);
    }
    const userIds = subscribers.map(({ userId }) => userId);
    for (const contender of CONTENDERS) await cpuEach(service, options, contender, userIds);
    const figures = CONTENDERS.map(({ name }) => ({ name, cpuMicrosEach: [] as number[] }));
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, contender] of CONTENDERS.entries())
        figures[index]?.cpuMicrosEach.push(await cpuEach(service, options, contender, userIds));
    }
    return figures;
  } finally {
    await service.stop();
  }
}

/** From the call until the last push has arrived: acceptance, fan-out and sending together. */
async function cpuEach(
  service: ServiceUnderTest,
  { sink, notifications }: VariablesOptions,
  { bodyOf }: Contender,
  userIds: readonly string[],
): Promise<number> {
  const before = cpuMicrosOf(service.pid);
  for (let sent = 0; sent < notifications; sent += 1) {
    await sink.forget();
    const arrived = sink.arrived(userIds.length);
    await taken(service, 'POST', '/v1/notifications', { type: 'bench', ...bodyOf(userIds) }, 202);
    await arrived;
  }
  return (cpuMicrosOf(service.pid) - before) / (notifications * userIds.length);
}

async function taken({ call }: ServiceUnderTest, method: string, path: string, body: object, wanted: number) {
  const { status } = await call(method, path, { body });
  if (status !== wanted) throw new Error(`${method} ${path} was answered ${status}`);
}
