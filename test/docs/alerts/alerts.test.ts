import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { faultsOf } from './expressions.ts';
import { itWithPromtool, promtool } from './promtool.ts';

const ALERTS = fileURLToPath(new URL('../../../deploy/alerts.yml', import.meta.url));
const CASES = ['cases.yml', 'cases-of-days.yml'].map((name) => fileURLToPath(new URL(name, import.meta.url)));
const BOARD = fileURLToPath(new URL('../../../deploy/grafana.json', import.meta.url));
const OPERATIONS = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');

type Rule = { readonly alert: string; readonly expr: string };
type Case = { readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: unknown[] }[] };
type Panel = { readonly title: string; readonly type: string; readonly targets?: readonly { readonly expr: string }[] };

const rules = (parse(readFileSync(ALERTS, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const cases = CASES.flatMap((path) => (parse(readFileSync(path, 'utf8')) as { tests: Case[] }).tests).flatMap(
  (one) => one.alert_rule_test,
);
const { panels } = JSON.parse(readFileSync(BOARD, 'utf8')) as { panels: readonly Panel[] };

describe('deploy/alerts.yml', () => {
  itWithPromtool('is one that Prometheus takes', () => {
    expect(promtool('check', 'rules', ALERTS)).toMatchObject({ status: 0 });
  });

  itWithPromtool('fires where it should, and nowhere else', () => {
    const { status, said } = promtool('test', 'rules', ...CASES);
    expect(status, said).toBe(0);
  });

  itWithPromtool('is tested by cases that fail where a rule fires for anything, or for nothing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bellhop-alerts-'));
    for (const path of CASES) {
      const text = readFileSync(path, 'utf8').replace('../../../deploy/alerts.yml', 'alerts.yml');
      writeFileSync(join(folder, basename(path)), text);
    }
    for (const expr of ['vector(1) > 0', 'vector(0) > 0']) {
      const changed = rules.map((rule) => ({ ...rule, expr, for: '0m' }));
      writeFileSync(join(folder, 'alerts.yml'), JSON.stringify({ groups: [{ name: 'bellhop', rules: changed }] }));
      const { said } = promtool('test', 'rules', ...CASES.map((path) => join(folder, basename(path))));
      const failed = new Set([...said.matchAll(/alertname: (\w+)/g)].map(([, alert]) => alert));
      expect([...failed].sort(), expr).toEqual(rules.map(({ alert }) => alert).sort());
    }
    rmSync(folder, { recursive: true });
  });

  it.each(rules)('$alert has a case in which it fires and one in which it does not', ({ alert }) => {
    const own = cases.filter(({ alertname }) => alertname === alert);
    expect(own.some((one) => one.exp_alerts.length > 0)).toBe(true);
    expect(own.some((one) => one.exp_alerts.length === 0)).toBe(true);
  });

  it.each(rules)('$alert asks for what there is, and stands in docs/operations.md', ({ alert, expr }) => {
    expect(faultsOf(expr)).toEqual([]);
    expect(OPERATIONS).toContain(`\`${alert}\``);
  });
});

describe('deploy/grafana.json', () => {
  const asked = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const));

  it.each(asked)('%s asks for what there is: %s', (_, expr) => {
    expect(faultsOf(expr)).toEqual([]);
  });

  itWithPromtool('has expressions that Prometheus takes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bellhop-board-'));
    const path = join(folder, 'rules.yml');
    const records = asked.map(([, expr], index) => {
      const filled = expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$(job|push_service)/g, '.+');
      return { record: `board:${index}`, expr: filled };
    });
    writeFileSync(path, JSON.stringify({ groups: [{ name: 'board', rules: records }] }));
    const { status, said } = promtool('check', 'rules', path);
    expect(status, said).toBe(0);
    rmSync(folder, { recursive: true });
  });

  it('has a title for each panel, and something to show', () => {
    for (const { title, type, targets = [] } of panels) {
      expect(title).not.toBe('');
      expect(targets.length > 0).toBe(type !== 'row');
    }
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  });
});

describe('the reading of expressions', () => {
  it.each([
    ['bellhop_no_such_total', 'no metric bellhop_no_such_total'],
    ['max(bellhop_attempt_duration_seconds)', 'no metric bellhop_attempt_duration_seconds'],
    ['bellhop_lane{host="x"}', 'bellhop_lane has no label host'],
    ['bellhop_lane{state="shut"}', 'bellhop_lane has no state shut'],
    ['bellhop_lane{state=~"open|shut"}', 'bellhop_lane has no state shut'],
    ['sum by (host) (bellhop_lane)', 'nothing has a label host'],
    ['vector(1)', 'it selects nothing'],
  ])('finds what is wrong with %s', (expression, fault) => {
    expect(faultsOf(expression)).toEqual([fault]);
  });
});
