import type { LookupAddress } from 'node:dns';
import { describe, expect, test } from 'vitest';
import { publicOnly } from '../../src/egress/address-guard.ts';
import type { Resolver } from '../../src/egress/resolver.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';

const inFamily = (address: string): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 });
const failing = (code: string) => Promise.reject(Object.assign(new Error(code), { code }));

/** A network whose DNS answers so; null where it fails. */
function network(answers: Record<string, readonly string[] | null>) {
  const clock = createFakeClock();
  const askedFor: string[] = [];
  const dns: Resolver = async (hostname) => {
    askedFor.push(hostname);
    const addresses = answers[hostname] ?? null;
    return addresses === null ? failing('EAI_AGAIN') : addresses.map(inFamily);
  };
  const resolve = publicOnly(dns, clock);
  const reach = (hostname: string) =>
    resolve(hostname).then(
      (found) => found.map(({ address }) => address),
      (error: Error) => error.name,
    );
  return { clock, askedFor, answers, reach };
}

const TELLS = ['192.0.0.170', '192.0.0.171', '2a0a:64::192.0.0.170', '2a0a:64::192.0.0.171'];

describe('a network that translates', () => {
  test('by the well-known prefix needs not be asked: the address within is judged', async () => {
    const { reach } = network({
      'fcm.googleapis.com': ['64:ff9b::8efa:4b6a'],
      'web.push.apple.com': ['64:ff9b::7f00:1'],
      'inside.example': ['64:ff9b::a9fe:a9fe'],
      'ipv4only.arpa': null,
    });
    expect(await reach('fcm.googleapis.com')).toEqual(['64:ff9b::8efa:4b6a']);
    expect(await reach('web.push.apple.com')).toBe('SinkholeError');
    expect(await reach('inside.example')).toBe('EgressRefusedError');
  });

  test('by a prefix of its own is asked for it, and what is private within is refused', async () => {
    const { reach } = network({
      'fcm.googleapis.com': ['2a0a:64::142.250.75.106'],
      'inside.example': ['2a0a:64::10.0.0.1', '2a0a:64::a9fe:a9fe'],
      'ipv4only.arpa': TELLS,
    });
    expect(await reach('fcm.googleapis.com')).toEqual(['2a0a:64::142.250.75.106']);
    expect(await reach('inside.example')).toBe('EgressRefusedError');
  });

  test('by a prefix of the local range is believed', async () => {
    const { reach } = network({
      'fcm.googleapis.com': ['64:ff9b:1::142.250.75.106'],
      'inside.example': ['64:ff9b:1::10.0.0.1'],
      'ipv4only.arpa': ['64:ff9b:1::192.0.0.170', '64:ff9b:1::192.0.0.171'],
    });
    expect(await reach('fcm.googleapis.com')).toEqual(['64:ff9b:1::142.250.75.106']);
    expect(await reach('inside.example')).toBe('EgressRefusedError');
  });

  test('or claims to, by a prefix of an internal network, opens nothing there', async () => {
    const { reach } = network({
      'fcm.googleapis.com': ['fd00:1:2:3::8.8.8.8'],
      'inside.example': ['fe80::8.8.8.8', '::ffff:8.8.8.8'],
      'ipv4only.arpa': ['fd00:1:2:3::192.0.0.170', 'fe80::192.0.0.170', '::ffff:192.0.0.170', '::1'],
    });
    expect(await reach('fcm.googleapis.com')).toBe('SinkholeError');
    expect(await reach('inside.example')).toBe('EgressRefusedError');
  });
});

describe('the question for the prefix', () => {
  test('is asked once an hour, and never for IPv4', async () => {
    const { reach, askedFor, clock } = network({
      'four.example': ['8.8.8.8'],
      'six.example': ['2606:4700::1111'],
      'ipv4only.arpa': TELLS,
    });
    await reach('four.example');
    expect(askedFor).toEqual(['four.example']);
    for (let times = 0; times < 3; times += 1) await reach('six.example');
    expect(askedFor.filter((name) => name === 'ipv4only.arpa')).toHaveLength(1);
    clock.advance(3_600_000);
    await reach('six.example');
    expect(askedFor.filter((name) => name === 'ipv4only.arpa')).toHaveLength(2);
  });

  test('that fails keeps nobody from an address that is public anyway, and is asked again after a minute', async () => {
    const { reach, answers, clock } = network({ 'six.example': ['2a0a:64::10.0.0.1'], 'ipv4only.arpa': null });
    expect(await reach('six.example')).toEqual(['2a0a:64::10.0.0.1']);
    answers['ipv4only.arpa'] = TELLS;
    expect(await reach('six.example')).toEqual(['2a0a:64::10.0.0.1']);
    clock.advance(60_000);
    expect(await reach('six.example')).toBe('EgressRefusedError');
  });

  test('that failed later leaves what is known', async () => {
    const { reach, answers, clock } = network({ 'inside.example': ['2a0a:64::10.0.0.1'], 'ipv4only.arpa': TELLS });
    expect(await reach('inside.example')).toBe('EgressRefusedError');
    answers['ipv4only.arpa'] = null;
    clock.advance(3_600_000);
    expect(await reach('inside.example')).toBe('EgressRefusedError');
  });

  test('that is never answered is waited for once, for two seconds, and not by those who come after', async () => {
    const clock = createFakeClock();
    let tell: (found: LookupAddress[]) => void = () => undefined;
    const resolve = publicOnly(async (hostname) => {
      if (hostname !== 'ipv4only.arpa') return [inFamily('2a0a:64::10.0.0.1')];
      return new Promise((answer) => {
        tell = answer;
      });
    }, clock);
    expect(await resolve('six.example')).toHaveLength(1);
    const startedAtMs = performance.now();
    for (let times = 0; times < 5; times += 1) await resolve('six.example');
    expect(performance.now() - startedAtMs).toBeLessThan(1000);
    // An answer that comes late counts from then on.
    tell(TELLS.map(inFamily));
    const isRefused = () =>
      resolve('six.example').then(
        () => false,
        () => true,
      );
    await until('the late answer counts', isRefused);
  });
});
