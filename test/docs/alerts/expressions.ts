import { HTTP_METRICS } from '../../../src/telemetry/http-metrics.ts';
import { METRICS } from '../../../src/telemetry/metric-table.ts';
import { PROCESS_METRICS } from '../../../src/telemetry/process-metrics.ts';
import type { MetricInfo } from '../../../src/telemetry/series.ts';
import { STANDING_METRICS } from '../../../src/telemetry/standing-metric-table.ts';

const TABLE: readonly MetricInfo[] = [METRICS, STANDING_METRICS, HTTP_METRICS, PROCESS_METRICS].flatMap((table) =>
  Object.values<MetricInfo>(table),
);

/** What Prometheus itself adds. */
const OF_PROMETHEUS: MetricInfo = { name: 'up', kind: 'gauge', help: '', labels: {} };
const TARGET_LABELS = ['job', 'instance'];

const WORDS = new Set(
  'by without on ignoring group_left group_right and or unless offset bool sum max min count avg topk rate increase histogram_quantile time vector'.split(
    ' ',
  ),
);

type Selector = { readonly metric: string; readonly matchers: readonly (readonly [label: string, values: string])[] };

/** A small reading of PromQL: which series an expression selects, and which labels it groups by. */
function readExpression(expression: string): {
  readonly selectors: readonly Selector[];
  readonly groupedBy: readonly string[];
} {
  const selectors: Selector[] = [];
  const groupedBy = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(/, */));
  const rest = expression.replaceAll(/\bby \([^)]*\)/g, '').replaceAll(/\[[^\]]*\]/g, '');
  for (const [, metric = '', , inner = ''] of rest.matchAll(/\b([a-z_][a-z0-9_]*)(\{([^}]*)\})?/g)) {
    if (isWithinBraces(rest, metric, inner) || WORDS.has(metric)) continue;
    const matchers = [...inner.matchAll(/(\w+)(?:=~|!=|!~|=)"([^"]*)"/g)].map(
      ([, label = '', values = '']) => [label, values] as const,
    );
    selectors.push({ metric, matchers });
  }
  return { selectors, groupedBy };
}

/** Labels and their values stand in braces, and are no metrics. */
function isWithinBraces(text: string, name: string, inner: string): boolean {
  return inner === '' && !new RegExp(`\\b${name}\\b`).test(text.replaceAll(/\{[^}]*\}/g, '{}'));
}

/** What is wrong with an expression: metrics, labels and values of labels that there are not. */
export function faultsOf(expression: string): readonly string[] {
  const { selectors, groupedBy } = readExpression(expression);
  const faults: string[] = [];
  const labels = new Set(TARGET_LABELS);
  for (const { metric, matchers } of selectors) {
    const info = infoOf(metric);
    if (info === null) {
      faults.push(`no metric ${metric}`);
      continue;
    }
    for (const label of labelsOf(info, metric)) labels.add(label);
    for (const [label, values] of matchers) faults.push(...faultsOfMatcher(info, metric, label, values));
  }
  if (selectors.length === 0) faults.push('it selects nothing');
  return [...faults, ...groupedBy.filter((label) => !labels.has(label)).map((label) => `nothing has a label ${label}`)];
}

function infoOf(metric: string): MetricInfo | null {
  const plain = TABLE.find(({ name, kind }) => name === metric && kind !== 'histogram');
  const histogram = TABLE.find(
    ({ name, kind }) => kind === 'histogram' && [`${name}_bucket`, `${name}_sum`, `${name}_count`].includes(metric),
  );
  return plain ?? histogram ?? (metric === OF_PROMETHEUS.name ? OF_PROMETHEUS : null);
}

function labelsOf({ labels }: MetricInfo, metric: string): readonly string[] {
  return [...TARGET_LABELS, ...Object.keys(labels), ...(metric.endsWith('_bucket') ? ['le'] : [])];
}

function faultsOfMatcher(info: MetricInfo, metric: string, label: string, values: string): readonly string[] {
  if (!labelsOf(info, metric).includes(label)) return [`${metric} has no label ${label}`];
  const known = info.labels[label];
  if (!Array.isArray(known) || values.startsWith('$')) return [];
  return values
    .split('|')
    .filter((value) => !known.includes(value))
    .map((value) => `${metric} has no ${label} ${value}`);
}
