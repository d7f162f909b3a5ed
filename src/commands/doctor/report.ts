import type { Finding, Grade } from './finding.ts';

const MARKS: Readonly<Record<Grade, string>> = {
  ok: 'ok     ',
  warning: 'warning',
  failed: 'failed ',
  skipped: 'skipped',
};

/** One line a finding, its remedy below it. */
export function reportLine({ check, verdict, finding, remedy }: Finding): string {
  const line = `${MARKS[verdict]}  ${check.padEnd(14)}  ${finding}\n`;
  return remedy === null ? line : `${line}${' '.repeat(25)}→ ${remedy}\n`;
}

/** The last line: how much of what. */
export function tallyLine(findings: readonly Finding[]): string {
  const count = (verdict: Grade): number => findings.filter((each) => each.verdict === verdict).length;
  const parts = (['ok', 'warning', 'failed', 'skipped'] as const)
    .filter((verdict) => count(verdict) > 0)
    .map((verdict) => `${count(verdict)} ${verdict}`);
  return `\n${parts.join(', ')}.\n`;
}

/** 1 where anything failed, for CI. */
export function exitCodeOf(findings: readonly Finding[]): 0 | 1 {
  return findings.some(({ verdict }) => verdict === 'failed') ? 1 : 0;
}
