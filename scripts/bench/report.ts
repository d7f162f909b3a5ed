import { cpus } from 'node:os';
import type { AcceptFigures } from './api.ts';
import type { Rate } from './deliveries.ts';
import type { IdleFigures } from './idle.ts';
import { type Spread, spreadOf } from './statistics.ts';

/** Everything one run measured. */
export type Figures = {
  readonly machine: string;
  readonly deliveries: ReadonlyMap<string, readonly Rate[]>;
  readonly api: readonly AcceptFigures[];
  readonly idle: IdleFigures;
};

export function machineOf(): string {
  const all = cpus();
  return `${all.length} × ${all[0]?.model.trim() ?? 'unknown'}, Node ${process.versions.node}, ${process.platform}`;
}

/** The tables a person reads, as Markdown. Ratios are the point: times are this machine's, at that moment. */
export function reportOf({ machine, deliveries, api, idle }: Figures): string {
  return [
    machine,
    '',
    '| Deliveries | a second | × bare loop | CPU µs each | × bare loop |',
    '|---|---|---|---|---|',
    ...deliveryRows(deliveries),
    '',
    '| API | accepted a second | p50 ms | p99 ms | × bare route |',
    '|---|---|---|---|---|',
    ...api.map(apiRow),
    '',
    `Ready after ${shown(idle.readyAfterMs)} ms; idle with ${shown(idle.idleRssMib)} MiB in memory.`,
    '',
  ].join('\n');
}

function deliveryRows(deliveries: Figures['deliveries']): string[] {
  const bare = deliveries.get('bare loop') ?? [];
  const bareRate = spreadOf(bare.map((rate) => rate.perSecond)).median;
  const bareCpu = spreadOf(bare.map((rate) => rate.cpuMicrosEach)).median;
  return [...deliveries].map(([name, rates]) => {
    const perSecond = spreadOf(rates.map((rate) => rate.perSecond));
    const cpu = spreadOf(rates.map((rate) => rate.cpuMicrosEach));
    const ratios = [(perSecond.median / bareRate).toFixed(2), (cpu.median / bareCpu).toFixed(2)];
    return `| ${name} | ${shown(perSecond)} | ${ratios[0]} | ${shown(cpu)} | ${ratios[1]} |`;
  });
}

function apiRow({ name, perSecond, p50Ms, p99Ms, ofBareRoute }: AcceptFigures): string {
  const [p50, p99, ratio] = [p50Ms?.toFixed(1) ?? '', p99Ms?.toFixed(1) ?? '', ofBareRoute?.toFixed(2) ?? ''];
  return `| ${name} | ${shown(perSecond)} | ${p50} | ${p99} | ${ratio} |`;
}

function shown({ median, min, max }: Spread): string {
  return `${Math.round(median)} (${Math.round(min)}–${Math.round(max)})`;
}
