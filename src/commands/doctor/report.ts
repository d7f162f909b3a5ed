import type { Finding, Grade } from '../../domain/finding.ts';
import { printable, printableLines } from '../../domain/printable-text.ts';

const MARKS: Readonly<Record<Grade, string>> = {
  ok: 'ok     ',
  warning: 'warning',
  failed: 'failed ',
  skipped: 'skipped',
};

/** One line a finding, its remedy below it. What cannot be seen, in a path or a server's words, is escaped. */
export function reportLine({ check, verdict, finding, remedy }: Finding): string {
  const line = `${MARKS[verdict]}  ${check.padEnd(14)}  ${printable(finding)}\n`;
  return remedy === null ? line : `${line}${' '.repeat(25)}→ ${printable(remedy)}\n`;
}

/** All findings, for machines. */
export function reportJson(findings: readonly Finding[]): string {
  return printableLines(`${JSON.stringify({ healthy: exitCodeOf(findings) === 0, findings }, null, 2)}\n`);
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
