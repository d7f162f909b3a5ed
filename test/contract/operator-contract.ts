import { expect, it } from 'vitest';
import type { OperatorSession, SignInLink } from '../../src/domain/operator/operator.ts';
import { NOW_MS } from '../support/samples.ts';
import { freshStore, type OpenStore } from './fresh-store.ts';

const link: SignInLink = { digest: 'of a link', name: 'Ann O’Neill', role: 'operator', expiresAtMs: NOW_MS + 100 };
const session: OperatorSession = {
  digest: 'of a session',
  name: 'Ann O’Neill',
  role: 'viewer',
  createdAtMs: NOW_MS,
  expiresAtMs: NOW_MS + 100,
  keyId: 'default',
};

/** Who may look at the console: links that are good once, and sessions. */
export function operatorContract(open: OpenStore): void {
  const fresh = freshStore(open);

  it('gives a link to one of many that take it, and to nobody after that', async () => {
    const { operators } = fresh.store;
    await operators.addLink(link);
    expect(await operators.findLink(link.digest, NOW_MS)).toEqual(link);
    const taken = await Promise.all(Array.from({ length: 20 }, () => operators.takeLink(link.digest, NOW_MS)));
    expect(taken.filter((each) => each !== null)).toEqual([link]);
    expect(await operators.findLink(link.digest, NOW_MS)).toBeNull();
  });

  it('gives no link from the instant at which it expires', async () => {
    const { operators } = fresh.store;
    await operators.addLink(link);
    expect(await operators.findLink(link.digest, link.expiresAtMs)).toBeNull();
    expect(await operators.takeLink(link.digest, link.expiresAtMs)).toBeNull();
  });

  it('knows a session until it expires or is ended', async () => {
    const { operators } = fresh.store;
    const other = { ...session, digest: 'of another', keyId: null };
    await operators.addSession(session);
    await operators.addSession(other);
    expect(await operators.findSession(session.digest, NOW_MS + 99)).toEqual(session);
    expect(await operators.findSession(session.digest, NOW_MS + 100)).toBeNull();
    await operators.endSession(session.digest);
    await operators.endSession(session.digest);
    expect(await operators.findSession(session.digest, NOW_MS)).toBeNull();
    const reopened = await fresh.reopen();
    expect(await reopened.operators.findSession(other.digest, NOW_MS)).toEqual(other);
  });

  it('ends all sessions and takes back all links', async () => {
    const { operators } = fresh.store;
    await operators.addLink(link);
    await operators.addSession(session);
    await operators.addSession({ ...session, digest: 'of another' });
    expect(await operators.endAll()).toBe(2);
    expect(await operators.endAll()).toBe(0);
    expect(await operators.findSession(session.digest, NOW_MS)).toBeNull();
    expect(await operators.takeLink(link.digest, NOW_MS)).toBeNull();
  });

  it('sweeps what has expired, and nothing else', async () => {
    const { operators, retention } = fresh.store;
    await operators.addLink(link);
    await operators.addSession({ ...session, expiresAtMs: NOW_MS + 200 });
    expect(await retention.sweep(NOW_MS + 150)).toBe(1);
    expect(await operators.findSession(session.digest, NOW_MS)).not.toBeNull();
    expect(await retention.sweep(NOW_MS + 250)).toBe(1);
    expect(await operators.findSession(session.digest, NOW_MS)).toBeNull();
  });
}
