import type { DeliveryFigures, DeliveryRow, Rate } from './deliveries.ts';
import { type Spread, shown, spreadOf } from './statistics.ts';

const COLUMNS = ['a second', '× bare loop', 'CPU µs each', '× bare loop', 'mongod, Redis µs each', 'most memory MiB'];

/** A table for each Node. Each ratio is to the bare loop under the same conditions. */
export function deliveryTables(figures: readonly DeliveryFigures[]): string[] {
  return figures.flatMap(({ runtime, rows }, index) => [
    ...(index === 0 ? [] : ['']),
    `| Deliveries, ${runtime} | ${COLUMNS.join(' | ')} |`,
    `|---|${COLUMNS.map(() => '---|').join('')}`,
    ...rows.map((row) => rowOf(row, rows)),
  ]);
}

function rowOf({ name, of, rates }: DeliveryRow, rows: readonly DeliveryRow[]): string {
  const base = rows.find((row) => row.name === of)?.rates ?? [];
  const [perSecond, cpu] = [spread(rates, 'perSecond'), spread(rates, 'cpuMicrosEach')];
  const cells = [
    shown(perSecond),
    (perSecond.median / spread(base, 'perSecond').median).toFixed(2),
    shown(cpu),
    (cpu.median / spread(base, 'cpuMicrosEach').median).toFixed(2),
    [spread(rates, 'mongodMicrosEach'), spread(rates, 'redisMicrosEach')]
      .map(medianOrNothing)
      .filter(Boolean)
      .join(', '),
    medianOrNothing(spread(rates, 'peakRssMib')),
  ];
  return `| ${name} | ${cells.join(' | ')} |`;
}

function spread(rates: readonly Rate[], key: keyof Rate): Spread {
  return spreadOf(rates.flatMap((rate) => rate[key] ?? []));
}

function medianOrNothing({ median }: Spread): string {
  return Number.isNaN(median) ? '' : median.toFixed(0);
}
