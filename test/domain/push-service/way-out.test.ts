import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../src/domain/push-service/push-outcome.ts';
import { WAY_OUT_FAILURES } from '../../../src/domain/push-service/way-out.ts';

const scene = { host: 'fcm.googleapis.com', address: '0.0.0.0', proxy: 'proxy.corp:3128', status: 503 };

describe('a push that did not get out', () => {
  it.each(WAY_OUT_FAILURES)('is tried again and has words of its own: %s', (failure) => {
    const outcome = outcomeOf({ kind: 'failure', failure, scene });
    expect(outcome).toMatchObject({ kind: 'retryable', fault: expect.stringMatching(/^(network|service)$/) });
    const others = WAY_OUT_FAILURES.filter((other) => other !== failure).map((other) =>
      outcomeOf({ kind: 'failure', failure: other, scene }),
    );
    expect(others.map(({ error }) => error)).not.toContain(outcome.error);
    expect(others.map(({ remedy }) => remedy)).not.toContain(outcome.remedy);
    expect(outcome.remedy).toMatch(/Bellhop tries again by itself/);
    expect(`${outcome.error} ${outcome.remedy}`).not.toMatch(/undefined|PUSH_ALLOWED_HOSTS|delete the subscription/);
    const named = failure.startsWith('proxy')
      ? scene.proxy
      : failure === 'dns_unavailable'
        ? '/etc/resolv.conf'
        : scene.host;
    expect(outcome.remedy).toContain(named);
  });

  it.each(WAY_OUT_FAILURES)('has words where nothing else is known: %s', (failure) => {
    const { error, remedy } = outcomeOf({ kind: 'failure', failure });
    expect(`${error} ${remedy}`).not.toMatch(/undefined|\(\)|null/);
  });
});
