import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { deniedByRuntime, runtimeProblem } from '../../src/commands/runtime.ts';

const SOURCE = new URL('../../src/', import.meta.url);

describe('runtimeProblem', () => {
  it.each(['20.19.0', '20.20.2', '22.0.0', '24.1.0'])('has nothing against Node %s', (node) => {
    expect(runtimeProblem({ node })).toBeNull();
  });

  it.each(['14.21.3', '18.20.8', '20.9.0', '20.18.3'])('refuses Node %s in clear words', (node) => {
    expect(runtimeProblem({ node })).toMatch(`Bellhop needs Node 20.19 or newer, and this is Node ${node}.`);
  });

  it('refuses Bun, whatever Node it claims to be', () => {
    expect(runtimeProblem({ node: '26.3.0', bun: '1.4.5' })).toMatch(
      /^Bellhop does not run on Bun \(this is 1\.4\.5\)\./,
    );
  });

  it('tells what Deno denies, and how to allow it', () => {
    const denied = Object.assign(new Error('Requires net access to "127.0.0.1:0"'), { name: 'NotCapable' });
    expect(deniedByRuntime(denied)).toMatch(
      /^Deno does not let Bellhop work: Requires net access .*\n.*--allow-all\.$/,
    );
    expect(deniedByRuntime(new Error('another'))).toBeNull();
  });

  it('names the version that package.json asks for', () => {
    const { engines } = JSON.parse(readFileSync(new URL('../package.json', SOURCE), 'utf8'));
    expect(runtimeProblem({ node: '18.0.0' })).toContain(`Node ${engines.node.slice('>='.length)} or newer`);
  });

  it('is asked before anything is linked that an old runtime cannot link', () => {
    const importsOf = (file: string) => readFileSync(new URL(file, SOURCE), 'utf8').match(/^import\b.*/gm) ?? [];
    expect(importsOf('main.ts')).toEqual(["import { deniedByRuntime, runtimeProblem } from './commands/runtime.ts';"]);
    expect(importsOf('commands/runtime.ts')).toEqual([]);
  });
});
