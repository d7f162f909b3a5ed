import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../scripts/servers/free-port.ts';
import { startMongod } from '../../scripts/servers/mongod.ts';
import { startRedisServer } from '../../scripts/servers/redis-server.ts';
import { makeCertificate } from '../../src/emulator/certificates.ts';

/** A real server whose certificate, for localhost and 127.0.0.1, a private authority signed. */
export type TlsServer = {
  readonly url: string;
  /** PEM file of the authority. */
  readonly caFile: string;
  /** PEM file of an authority that signed nothing here. */
  readonly otherCaFile: string;
  /** Where the same server listens without TLS. */
  readonly plainUrl: string;
  stop(): Promise<void>;
};

export async function startTlsRedis(): Promise<TlsServer> {
  const files = await makeFiles();
  const tlsPort = await freePort();
  const redis = await startRedisServer({
    args: [
      ...['--tls-port', String(tlsPort), '--tls-auth-clients', 'no', '--tls-ca-cert-file', files.caFile],
      ...['--tls-cert-file', files.certFile, '--tls-key-file', files.keyFile],
    ],
  });
  return {
    ...files,
    url: `rediss://127.0.0.1:${tlsPort}`,
    plainUrl: redis.url,
    async stop() {
      await redis.stop();
      files.remove();
    },
  };
}

export async function startTlsMongod(): Promise<TlsServer> {
  const files = await makeFiles();
  const mongod = await startMongod({
    args: [
      ...['--tlsMode', 'preferTLS', '--tlsAllowConnectionsWithoutCertificates'],
      ...['--tlsCAFile', files.caFile, '--tlsCertificateKeyFile', files.bothFile],
    ],
  });
  return {
    ...files,
    url: `${mongod.url}/bellhop?tls=true`,
    plainUrl: mongod.url,
    async stop() {
      await mongod.stop();
      files.remove();
    },
  };
}

async function makeFiles() {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-tls-'));
  const [own, other] = await Promise.all([makeCertificate(), makeCertificate()]);
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return {
    caFile: write('ca.pem', own.caPem),
    otherCaFile: write('other-ca.pem', other.caPem),
    certFile: write('cert.pem', own.cert),
    keyFile: write('key.pem', own.key),
    bothFile: write('both.pem', `${own.key}\n${own.cert}`),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
