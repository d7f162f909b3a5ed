import { readFileSync } from 'node:fs';
import { INDEXES, QUERIES } from '../../src/store/mongodb/collections/collections.ts';
import type { StoreIndex } from '../../src/store/mongodb/collections/named-query.ts';
import { HTTP_METRICS } from '../../src/telemetry/http-metrics.ts';
import { METRICS } from '../../src/telemetry/metric-table.ts';
import { PROCESS_METRICS } from '../../src/telemetry/process-metrics.ts';
import type { MetricInfo } from '../../src/telemetry/series.ts';
import { STANDING_METRICS } from '../../src/telemetry/standing-metric-table.ts';

const PAGE = new URL('../../docs/operations.md', import.meta.url);

/** `docs/operations.md` as it stands, with the tables between its marks made anew from the source. */
export function operationsPage(): string {
  const tables = { metrics: metricTable(), queries: queryTable(), indexes: indexTable() };
  return Object.entries(tables).reduce(
    (page, [mark, rows]) => replaceBetween(page, mark, rows),
    readFileSync(PAGE, 'utf8'),
  );
}

function replaceBetween(page: string, mark: string, rows: readonly string[]): string {
  const [begin, end] = [`<!-- ${mark}: made by \`npm run docs\` -->`, `<!-- end of ${mark} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/operations.md lacks the marks of ${mark}`);
  return [page.slice(0, from + begin.length), '', ...rows, '', page.slice(to)].join('\n');
}

const ALL_METRICS: readonly MetricInfo[] = [METRICS, STANDING_METRICS, HTTP_METRICS, PROCESS_METRICS].flatMap((table) =>
  Object.values<MetricInfo>(table),
);

function metricTable(): string[] {
  const rows = ALL_METRICS.map(
    ({ name, kind, help, labels }) =>
      `| \`${name}\` | ${kind} | ${help} | ${Object.entries(labels).map(labelOf).join('; ')} |`,
  );
  return ['| Metric | Kind | Counts | Labels |', '|---|---|---|---|', ...rows];
}

function labelOf([label, values]: [string, MetricInfo['labels'][string]]): string {
  if (values === 'route') return `\`${label}\`: a route such as \`/v1/notifications/:id\`, or other`;
  if (values.length === 0) return `\`${label}\``;
  if (values === 'number') return `\`${label}\`: a number, or none`;
  return `\`${label}\`: ${values.map((value) => value || 'empty').join(', ')}`;
}

function queryTable(): string[] {
  const rows = QUERIES.map(
    ({ name, collection, purpose, index }) => `| \`${collection}\` | ${name} | ${purpose} | \`${index.name}\` |`,
  );
  return ['| Collection | Query | Asks for | Index |', '|---|---|---|---|', ...rows];
}

function indexTable(): string[] {
  const rows = Object.entries(INDEXES).flatMap(([collection, indexes]) =>
    indexes.map(
      (index) => `| \`${collection}\` | \`${index.name}\` | \`${JSON.stringify(index.key)}\` | ${kindOf(index)} |`,
    ),
  );
  return ['| Collection | Index | Keys | Kind |', '|---|---|---|---|', ...rows];
}

function kindOf({ isUnique, only, expires }: StoreIndex): string {
  const kinds = [
    ...(isUnique ? ['unique'] : []),
    ...(only ? ['partial'] : []),
    ...(expires === 'at_once' ? ['TTL, at that instant'] : []),
    ...(expires === 'after_retention' ? ['TTL, `RETENTION_DAYS` later'] : []),
  ];
  return kinds.join(', ');
}
