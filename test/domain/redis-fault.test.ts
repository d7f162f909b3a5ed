import { describe, expect, it } from 'vitest';
import { redisFaultOf } from '../../src/domain/redis-fault.ts';

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

describe('a refusal of Redis', () => {
  it.each([
    ["READONLY You can't write against a read only replica.", /read-only replica.*REDIS_URL/, true, false],
    ['UNBLOCKED force unblock from blocking operation, instance state changed', /read-only replica/, true, false],
    [
      "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
      /lost its primary/,
      true,
      false,
    ],
    ['LOADING Redis is loading the dataset in memory', /reading its data/, true, false],
    ['NOREPLICAS Not enough good replicas to write.', /min-replicas-to-write/, true, false],
    ['NOAUTH Authentication required.', /password of REDIS_URL/, true, true],
    ['WRONGPASS invalid username-password pair or user is disabled.', /password of REDIS_URL/, true, true],
    ["NOPERM this user has no permissions to run the 'set' command", /keys and channels bellhop:\*/, false, true],
    ['MISCONF Redis is configured to save RDB snapshots', /cannot save its data/, false, false],
    ["OOM command not allowed when used memory > 'maxmemory'.", /maxmemory/, false, false],
    ['BUSY Redis is busy running a script.', /SCRIPT KILL/, false, false],
    ['DENIED Redis is running in protected mode', /protected mode/, false, true],
    ['ERR max number of clients reached', /maxclients/, false, false],
    ['MOVED 3999 127.0.0.1:6381', /Redis Cluster/, false, true],
    ['ASK 3999 127.0.0.1:6381', /Redis Cluster/, false, true],
    ['TRYAGAIN Multiple keys request during rehashing of slot', /Redis Cluster/, false, true],
    ["CROSSSLOT Keys in request don't hash to the same slot", /Redis Cluster/, false, true],
    ['CLUSTERDOWN Hash slot not served', /Redis Cluster/, false, true],
  ])('%s', (message, words, isElsewhere, isForGood) => {
    const fault = { words: expect.stringMatching(words), isElsewhere, isForGood };
    expect(redisFaultOf(reply(message))).toEqual(fault);
    // As Redis 6 tells it of a script, and redis@3 of its own first look.
    expect(redisFaultOf(reply(`ERR Error running script (call to f_0a): @user_script: 5: -${message}`))).toEqual(fault);
    expect(redisFaultOf(reply(`Ready check failed: ${message}`))).toEqual(fault);
  });

  it('that is a defect of ours is none of these', () => {
    expect(redisFaultOf(reply('WRONGTYPE Operation against a key holding the wrong kind of value'))).toBeNull();
    expect(redisFaultOf(reply('ERR syntax error'))).toBeNull();
    expect(redisFaultOf(new Error('OOM'))).toBeNull();
    expect(redisFaultOf('OOM')).toBeNull();
  });
});
