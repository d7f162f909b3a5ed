import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

// Bellhop overrides and calls methods of bee-queue that are not public: docs/decisions/0016-what-of-bee-queue.md.
const FIXTURE = 'test/queue/redis/bee-queue-sources.txt';

const require = createRequire(import.meta.url);
type QueueMethod = '_preventStall' | '_finishJob' | '_evalScriptOn' | '_runJob' | '_activateDelayed';
const Queue = require('bee-queue') as { prototype: Record<QueueMethod, unknown> };
const requireOfBeeQueue = createRequire(require.resolve('bee-queue'));
type ClientMethod = 'create_stream' | 'return_error' | 'connection_gone';
const { RedisClient } = requireOfBeeQueue('redis') as { RedisClient: { prototype: Record<ClientMethod, unknown> } };
const Job = require('bee-queue/lib/job') as { prototype: { _save: unknown }; fromData: unknown };
const fileOf = (path: string) => readFileSync(require.resolve(`bee-queue/lib/${path}`), 'utf8').trimEnd();
const textOf = (path: string) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8');

const OVERRIDDEN = 'the override in recovering-queue.ts still does all that this does';
const COPIED = 'the script ADD in user-lines.ts still does for many jobs what this does for one that has an id';
const RAISED = 'the script RAISE in user-lines.ts still does what this does';
const MOVED = 'a job that stalled stays among those of its user that are out, which user-lines.ts counts';
const WATCHED = 'the overrides in recovering-client.ts are still called, and a connection that they cut is made anew';
const CALLED = 'what src/queue/redis/ gives to it and expects of it is still right';

/** What Bellhop needs that bee-queue does not call public: its source, and what to see to where that changes. */
const NEEDED: Readonly<Record<string, readonly [source: string, seeTo: string]>> = {
  'Queue#_preventStall': [`${Queue.prototype._preventStall}`, OVERRIDDEN],
  'Queue#_finishJob': [`${Queue.prototype._finishJob}`, OVERRIDDEN],
  'Queue#_evalScriptOn': [`${Queue.prototype._evalScriptOn}`, OVERRIDDEN],
  'lib/lua/addJob.lua': [fileOf('lua/addJob.lua'), COPIED],
  'lib/lua/raiseDelayedJobs.lua': [fileOf('lua/raiseDelayedJobs.lua'), RAISED],
  'lib/lua/checkStalledJobs.lua': [fileOf('lua/checkStalledJobs.lua'), MOVED],
  'Queue#_runJob': [`${Queue.prototype._runJob}`, CALLED],
  'Queue#_activateDelayed': [`${Queue.prototype._activateDelayed}`, CALLED],
  'Job#_save': [`${Job.prototype._save}`, CALLED],
  'Job.fromData': [`${Job.fromData}`, CALLED],
  'lib/lua/index.js': [fileOf('lua/index.js'), CALLED],
  'RedisClient#create_stream': [`${RedisClient.prototype.create_stream}`, WATCHED],
  'RedisClient#return_error': [`${RedisClient.prototype.return_error}`, WATCHED],
  'RedisClient#connection_gone': [`${RedisClient.prototype.connection_gone}`, WATCHED],
};

const [head = '', ...sections] = textOf('bee-queue-sources.txt').split(/^=== /m);
const writtenAgainst = new Map(
  sections.map((section) => {
    const end = section.indexOf('\n');
    return [section.slice(0, end), section.slice(end + 1).trimEnd()] as const;
  }),
);

function demandUnchanged(name: string, source: string, seeTo: string): void {
  const message =
    `bee-queue's ${name} is not the one that src/queue/redis/ was written against. Read what has changed, and see to ` +
    `it that ${seeTo}. Then run test/queue/redis and put the new source into ${FIXTURE}. Where Bellhop now uses or ` +
    'overrides something else, write a decision record that supersedes 0016.';
  expect(source, message).toBe(writtenAgainst.get(name));
}

describe('bee-queue', () => {
  it('is the version that src/queue/redis/ was written against, and package.json asks for no other', () => {
    const version = /^bee-queue (\d+\.\d+\.\d+),/.exec(head)?.[1];
    const { dependencies } = JSON.parse(textOf('../../../package.json')) as { dependencies: Record<string, string> };
    const { version: installed } = require('bee-queue/package.json') as { version: string };
    expect(
      { installed, asked: dependencies['bee-queue'] },
      'Methods of bee-queue that are not public may change in any version, so package.json has an exact one. Compare the ' +
        `sources of another version as the other tests here say, then write that version into ${FIXTURE}.`,
    ).toEqual({ installed: version, asked: version });
  });

  it.each(Object.entries(NEEDED))('has %s as src/queue/redis/ was written against', (name, [source, seeTo]) => {
    demandUnchanged(name, source, seeTo);
  });

  it('has each method compared that bee-queue-library.ts names and that is not public', () => {
    const library = textOf('../../../src/queue/redis/bee-queue-library.ts');
    const named = [...library.matchAll(/^ {2}(_\w+)\(/gm)].map(([, name]) => name);
    expect(named).toHaveLength(6);
    const compared = Object.keys(NEEDED).map((name) => name.split('#')[1]);
    expect(compared).toEqual(expect.arrayContaining(named));
  });

  it('would fail here where a method changes, and say what to do', () => {
    const [source = '', seeTo = ''] = NEEDED['Queue#_finishJob'] ?? [];
    const changed = source.replace('.lrem(', '.zrem(');
    expect(changed).not.toBe(source);
    expect(() => demandUnchanged('Queue#_finishJob', changed, seeTo)).toThrow(/Read what has changed.*the override in/);
  });
});
