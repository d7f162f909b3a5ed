import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Runtime, THIS_NODE } from './runtime.ts';

/** A part of the benchmark in a process of its own, asked by messages. */
export type Child = {
  readonly pid: number;
  ask<Reply>(question: object): Promise<Reply>;
  stop(): Promise<void>;
};

/** Starts a file of this folder. It answers each question with one message, in order. */
export async function startChild(file: string, runtime: Runtime = THIS_NODE): Promise<Child> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const [execPath, ...before] = runtime.command;
  const child: ChildProcess = fork(path, [], { execPath, execArgv: [...before, '--import', 'tsx'] });
  await once(child, 'message');
  return {
    pid: child.pid ?? 0,
    async ask<Reply>(question: object) {
      return (await questioned(child, question, file)) as Reply;
    },
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function questioned(child: ChildProcess, question: object, file: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error(`${file} ended before it answered`));
    child.once('exit', onExit);
    child.once('message', (reply) => {
      child.off('exit', onExit);
      resolve(reply);
    });
    child.send(question);
  });
}

/** The child's side: answers each question by `answer`. */
export function answerQuestions<Question>(answer: (question: Question) => Promise<object>): void {
  process.on('message', (question) => {
    answer(question as Question).then(
      (reply) => process.send?.(reply),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
        process.exit(1);
      },
    );
  });
  process.send?.({ isReady: true });
}
