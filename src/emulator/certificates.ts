import { randomBytes } from 'node:crypto';
import { generate } from 'selfsigned';

export type ServerCertificate = { readonly key: string; readonly cert: string; readonly caPem: string };

const KEY = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

/** A certificate for this machine's loopback names, and more, signed by a certificate authority made for the occasion. */
export async function makeCertificate(moreNames: readonly string[] = []): Promise<ServerCertificate> {
  // A client that trusts several emulators tells their authorities apart by name.
  const name = `Push service emulator CA ${randomBytes(4).toString('hex')}`;
  const ca = await generate([{ name: 'commonName', value: name }], {
    ...KEY,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...KEY,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          ...moreNames.map((value) => ({ type: 2 as const, value })),
        ],
      },
    ],
  });
  return { key: server.private, cert: server.cert, caPem: ca.cert };
}
