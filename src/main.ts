#!/usr/bin/env node
import { deniedByRuntime, runtimeProblem } from './commands/runtime.ts';

// Everything else is loaded after this check: a runtime that Bellhop does not run on could not even link it.
const problem = runtimeProblem(process.versions);
if (problem === null) {
  import('./commands/run.ts')
    .then(({ run }) => run(process.argv.slice(2)))
    .catch((error) => {
      const denied = deniedByRuntime(error);
      if (denied === null) throw error;
      refuse(denied);
    });
} else refuse(problem);

function refuse(why: string): void {
  process.stderr.write(`${why}\n`);
  process.exitCode = 1;
}
