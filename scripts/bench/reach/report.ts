import { grouped, type Spread, shown } from '../statistics.ts';
import type { LookRow, WalkFigures } from './look-process.ts';
import type { ReachFigures } from './reach.ts';
import type { WritingRow } from './writing.ts';

/** What was measured of each store, as Markdown. */
export function reachTables(all: readonly ReachFigures[]): string[] {
  return all.flatMap((figures, index) => [...(index > 0 ? [''] : []), ...tablesOf(figures)]);
}

function tablesOf({ store, users, rows, walk, writing, everyone }: ReachFigures): string[] {
  const { namedCpuMicros, everyoneCpuMicros, cpuRatio, rateRatio } = everyone;
  const times = (spread: Spread): string => `${shown(spread, 2)} ×`;
  return [
    `| Reach, ${store}, ${grouped(users)} users | first page ms | slowest ms | CPU ms | count ms | users |`,
    '|---|---|---|---|---|---|',
    ...rows.map(lookRow),
    '',
    walkLine(walk),
    ...writing.map((row) => writingLine(row)),
    `A push to everyone took ${shown(everyoneCpuMicros)} CPU µs, by name ${shown(namedCpuMicros)}: ${times(cpuRatio)}, and ` +
      `${times(rateRatio)} as many a second.`,
  ];
}

function lookRow({ audience, pageP50Ms, pageMaxMs, pageCpuMs, countMs, users, isAtLeast }: LookRow): string {
  const counted = `${isAtLeast ? 'at least ' : ''}${grouped(users)}`;
  const name = audience.replaceAll('|', '\\|');
  return `| \`${name}\` | ${pageP50Ms.toFixed(1)} | ${pageMaxMs.toFixed(1)} | ${pageCpuMs.toFixed(1)} | ${countMs.toFixed(0)} | ${counted} |`;
}

function walkLine({ users, pages, seconds, pageP99Ms, pageMaxMs, rssMib }: WalkFigures): string {
  const memory = `${rssMib[0]?.toFixed(0)} MiB after a tenth, ${rssMib.at(-1)?.toFixed(0)} at the end, ${Math.max(...rssMib).toFixed(0)} at most`;
  const pace = `${grouped(pages)} pages in ${seconds.toFixed(0)} s, p99 ${pageP99Ms.toFixed(1)} ms, slowest ${pageMaxMs.toFixed(0)}`;
  return `All ${grouped(users)} users, page by page: ${pace}; ${memory}.`;
}

function writingLine({ what, perSecond, cpuMicrosEach, ofUnknown }: WritingRow): string {
  const ratio = ofUnknown === null ? '' : `, ${shown(ofUnknown, 2)} × of that with nothing said`;
  return `A second, ${what}: ${shown(perSecond)}, ${shown(cpuMicrosEach)} CPU µs each${ratio}.`;
}
