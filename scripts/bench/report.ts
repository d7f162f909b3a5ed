import { cpus } from 'node:os';
import type { AcceptFigures } from './api.ts';
import type { BackupFigures } from './backup.ts';
import { type BesideFigures, besideTable } from './beside.ts';
import { type ConsoleFigures, consoleTable } from './console/console.ts';
import type { DeliveryFigures } from './deliveries.ts';
import { deliveryTables } from './delivery-report.ts';
import type { IdleFigures } from './idle.ts';
import type { ReachFigures } from './reach/reach.ts';
import { reachTables } from './reach/report.ts';
import type { ScaleFigures } from './scale.ts';
import { grouped, shown, spreadOf } from './statistics.ts';
import type { VariablesFigures } from './variables.ts';
import type { WaitFigures } from './wait.ts';

/** Everything one run measured; a part that was not asked for is missing. */
export type Figures = {
  readonly machine: string;
  readonly deliveries?: readonly DeliveryFigures[];
  readonly api?: readonly AcceptFigures[];
  readonly wait?: readonly WaitFigures[];
  readonly priority?: readonly WaitFigures[];
  readonly reach?: readonly ReachFigures[];
  readonly console?: readonly ConsoleFigures[];
  readonly beside?: readonly BesideFigures[];
  readonly variables?: readonly VariablesFigures[];
  readonly scale?: ScaleFigures;
  readonly idle?: IdleFigures;
  readonly backup?: BackupFigures;
};

export function machineOf(): string {
  const all = cpus();
  return `${all.length} × ${all[0]?.model.trim() ?? 'unknown'}, Node ${process.versions.node}, ${process.platform}`;
}

/** The tables a person reads, as Markdown. Ratios are the point: times are this machine's, at that moment. */
export function reportOf({
  machine,
  deliveries,
  api,
  wait,
  priority,
  reach,
  console: pages,
  beside,
  variables,
  scale,
  idle,
  backup,
}: Figures): string {
  const tables = [
    deliveries === undefined ? null : deliveryTables(deliveries),
    api === undefined ? null : apiTable(api),
    wait === undefined ? null : waitTable('Accepted to first octet', wait),
    priority === undefined ? null : waitTable('Priority: accepted to first octet', priority),
    reach === undefined ? null : reachTables(reach),
    pages === undefined ? null : consoleTable(pages),
    beside === undefined ? null : besideTable(beside),
    variables === undefined ? null : variablesTable(variables),
    scale === undefined ? null : scaleTable(scale),
    idle === undefined ? null : idleLines(idle),
    backup === undefined ? null : backupLines(backup),
  ];
  return [[machine], ...tables.filter((table) => table !== null)].map((lines) => `${lines.join('\n')}\n`).join('\n');
}

function variablesTable(variables: readonly VariablesFigures[]): string[] {
  const same = variables[0]?.cpuMicrosEach ?? [];
  const rows = variables.map(({ cpuMicrosEach }) => [
    shown(spreadOf(cpuMicrosEach), 0),
    shown(spreadOf(cpuMicrosEach.map((each, round) => each / (same[round] ?? Number.NaN))), 2),
  ]);
  return [
    '| Variables | CPU µs each | × the same for all |',
    '|---|---|---|',
    ...variables.map(({ name }, index) => `| ${name} | ${rows[index]?.join(' | ')} |`),
  ];
}

function apiTable(api: readonly AcceptFigures[]): string[] {
  return ['| API | accepted a second | p50 ms | p99 ms | × bare route |', '|---|---|---|---|---|', ...api.map(apiRow)];
}

function waitTable(title: string, figures: readonly WaitFigures[]): string[] {
  return [
    `| ${title} | notifications a second | p50 ms | p99 ms |`,
    '|---|---|---|---|',
    ...figures.map(
      ({ name, perSecond, p50Ms, p99Ms }) =>
        `| ${name} | ${shown(perSecond)} | ${shown(p50Ms, 1)} | ${shown(p99Ms, 1)} |`,
    ),
  ];
}

function scaleTable({ rounds, windows, rows }: ScaleFigures): string[] {
  const { warmUp, compared, deep } = windows;
  const [from, to] = [grouped(warmUp + 1), grouped(warmUp + compared)];
  const title = `Waiting (${rounds} rounds; pushes ${from} to ${to}, then ${grouped(deep)} more, then kill -9)`;
  const smallest = grouped(rows[0]?.waiting ?? 0);
  const columns = [
    'file MiB',
    'ready ms',
    'a second',
    `× ${smallest}`,
    'CPU µs each',
    `a second, next ${grouped(deep)}`,
  ];
  const afterwards = ['most memory MiB', 'ready again ms', 'sending again ms'];
  const header = [title, ...columns, ...afterwards];
  return [
    `| ${header.join(' | ')} |`,
    `|${header.map(() => '---|').join('')}`,
    ...rows.map((row) => {
      const speed = [shown(row.perSecond), shown(row.ofSmallest, 2), shown(row.cpuMicrosEach)];
      const later = row.deepPerSecond === null ? '' : shown(row.deepPerSecond);
      const rest = [row.peakRssMib, row.readyAgainAfterMs, row.sendingAgainAfterMs].map((spread) => shown(spread));
      const cells = [row.fileMib.median.toFixed(0), shown(row.readyAfterMs), ...speed, later, ...rest];
      return `| ${grouped(row.waiting)} | ${cells.join(' | ')} |`;
    }),
  ];
}

function idleLines({ readyAfterMs, idleRssMib, loadedRssMib }: IdleFigures): string[] {
  const memory = `${shown(idleRssMib)} MiB in memory when idle, ${shown(loadedRssMib)} MiB under load`;
  return [`Ready after ${shown(readyAfterMs)} ms; ${memory}.`];
}

function backupLines({ storeMib, acceptsPerSecond, backups, sound, ...times }: BackupFigures): string[] {
  const p99 = `${times.p99DuringMs.toFixed(1)} ms meanwhile, ${times.p99BeforeMs.toFixed(1)} ms before`;
  const what = `${sound} of ${backups} backups of ${storeMib} MiB whole, each in ${shown(times.tookMs)} ms`;
  return [`${what}; of ${acceptsPerSecond} accepted a second the 99th percentile took ${p99}.`];
}

function apiRow({ name, perSecond, p50Ms, p99Ms, ofBareRoute }: AcceptFigures): string {
  const [p50, p99, ratio] = [p50Ms?.toFixed(1) ?? '', p99Ms?.toFixed(1) ?? '', ofBareRoute?.toFixed(2) ?? ''];
  return `| ${name} | ${shown(perSecond)} | ${p50} | ${p99} | ${ratio} |`;
}
