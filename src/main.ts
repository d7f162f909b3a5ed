#!/usr/bin/env node
import { runtimeProblem } from './commands/runtime.ts';

// Everything else is loaded after this check: a runtime that Bellhop does not run on could not even link it.
const problem = runtimeProblem(process.versions);
if (problem === null) {
  import('./commands/run.ts').then(({ run }) => run(process.argv.slice(2)));
} else {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}
