import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/domain/finding.ts';
import { createDoctor } from '../../../src/intake/doctor.ts';
import { type Api, SECRET, startApi } from '../../support/api.ts';
import { ConsoleVisitor } from '../../support/console-visitor.ts';

const FINDINGS: readonly Finding[] = [
  { check: 'keys', verdict: 'ok', finding: 'the pair belongs together', remedy: null },
  { check: 'disk', verdict: 'failed', finding: 'only 5 MiB <b>free</b>', remedy: 'Make room.' },
  { check: 'subject', verdict: 'warning', finding: 'not set', remedy: 'Set it.' },
];

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

async function signedIn(secret = SECRET): Promise<ConsoleVisitor> {
  const visitor = new ConsoleVisitor(api);
  await visitor.post('sign-in', { secret });
  return visitor;
}

describe('audit', () => {
  it('is filtered, leads from a name to its changes, and is exported as the chain that verify-audit reads', async () => {
    const operator = await signedIn();
    await api.call('PUT', '/v1/segments/vip', { json: { tags: 'staff' } });
    await operator.post('put-type', { pattern: 'digest.*', ttl_seconds: '60' });
    const all = await operator.get('audit');
    expect(all.text).toContain('<a href="audit?action=putSegment">putSegment</a>');
    expect(all.text).toMatch(/verify-audit bellhop-audit\.ndjson --expect 3:[\w-]{43}/);
    const some = await operator.get('audit?action=putTypeRule&target=digest.*');
    expect(some.text).toContain('value="putTypeRule"');
    expect(some.text).not.toContain('>putSegment<');
    expect((await operator.get('audit?who=nobody')).text).toContain('No such change.');
    const { status, headers, text } = await operator.get('audit-export');
    expect([status, headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
    expect(headers.get('content-disposition')).toContain('bellhop-audit.ndjson');
    expect(text).toBe((await api.call('GET', '/v1/audit/export')).text);
    expect((await new ConsoleVisitor(api).get('audit-export')).status).toBe(403);
  });

  it('says so where nothing was changed, to a viewer, too', async () => {
    const viewer = await signedIn('secret-that-reads-only');
    const { text } = await viewer.get('audit?who=nobody');
    expect(text).toContain('Export all of it');
  });
});

describe('the doctor', () => {
  const withDoctor = async (looks: boolean[]): Promise<void> => {
    await api.dispose();
    const doctor = createDoctor(async function* ({ isOffline }) {
      looks.push(isOffline);
      yield* FINDINGS;
    });
    api = await startApi({ doctor });
  };

  it('tells operators what he finds, the worst first', async () => {
    const looks: boolean[] = [];
    await withDoctor(looks);
    const operator = await signedIn();
    expect((await operator.get('system')).text).toContain('<a class="button" href="doctor">');
    const { status, text } = await operator.get('doctor');
    expect([status, text]).toEqual([200, expect.stringContaining('One thing has to be mended.')]);
    expect(text.indexOf('only 5 MiB &lt;b&gt;')).toBeLessThan(text.indexOf('not set'));
    expect(text.indexOf('not set')).toBeLessThan(text.indexOf('belongs together'));
    await operator.get('doctor?offline=yes');
    expect(looks).toEqual([false, true]);
  });

  it('is asked by no viewer, and by nobody where there is none', async () => {
    expect((await (await signedIn()).get('doctor')).status).toBe(404);
    await withDoctor([]);
    const viewer = await signedIn('secret-that-reads-only');
    expect((await viewer.get('system')).text).not.toContain('href="doctor"');
    expect((await viewer.get('doctor')).status).toBe(403);
  });

  it('looks once for all who ask meanwhile', async () => {
    let looks = 0;
    const doctor = createDoctor(async function* () {
      looks += 1;
      yield* FINDINGS;
    });
    const found = await Promise.all([1, 2, 3].map(() => doctor.examine({ isOffline: true })));
    expect([looks, found[2]]).toEqual([1, FINDINGS]);
    await doctor.examine({ isOffline: true });
    expect(looks).toBe(2);
  });
});

describe('system', () => {
  it('shows the processes, what each does, and backups that can be made', async () => {
    const operator = await signedIn();
    const before = await operator.get('system');
    for (const words of ['machine-1', 'pid 4711, answers you', 'takes requests, sends', 'None was made yet'])
      expect(before.text).toContain(words);
    expect((await operator.post('back-up')).headers.get('location')).toBe('system?done=backed-up');
    expect((await operator.get('system')).text).toMatch(/bellhop-[\w.-]+\.db/);
  });
});
