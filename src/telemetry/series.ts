import { Counter, Gauge, type Registry } from 'prom-client';

export type MetricInfo = {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Each label with every value it can have. `number`: a number of three digits, or `none`. `route`: a route of the API, or `other`. */
  readonly labels: Readonly<Record<string, readonly string[] | 'number' | 'route'>>;
  /** The series that are there from the start, where others than these are not expected. Left out: every combination. */
  readonly expected?: readonly Readonly<Record<string, string>>[];
};

type Labels<Info extends MetricInfo> = Record<keyof Info['labels'] & string, string>;

/** What prom-client makes a metric of the table from. */
export function configOf<Info extends MetricInfo>({ name, help, labels }: Info, registry: Registry) {
  return { name, help, labelNames: Object.keys(labels) as (keyof Info['labels'] & string)[], registers: [registry] };
}

/** Every series is there from the start: to Prometheus, one that begins at 1 has not increased, and no alert fires. */
export function counterFromZero<Info extends MetricInfo>(info: Info, registry: Registry) {
  const counter = new Counter(configOf(info, registry));
  for (const labels of combinationsOf(info)) counter.inc(labels, 0);
  return counter;
}

/** As `counterFromZero`, of what goes up and down. */
export function gaugeFromZero<Info extends MetricInfo>(info: Info, registry: Registry) {
  const gauge = new Gauge(configOf(info, registry));
  for (const labels of combinationsOf(info)) gauge.set(labels, 0);
  return gauge;
}

/** The expected ones; else each value of each label with each of the others. */
export function combinationsOf<Info extends MetricInfo>(info: Info): Labels<Info>[] {
  let combinations: readonly Readonly<Record<string, string>>[] = info.expected ?? [{}];
  for (const [label, values] of Object.entries(info.labels)) {
    if (typeof values === 'string' || info.expected !== undefined) continue;
    combinations = combinations.flatMap((one) => values.map((value) => ({ ...one, [label]: value })));
  }
  return combinations as Labels<Info>[];
}
