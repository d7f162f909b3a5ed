import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { afterAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { unpackedWheel } from '../../scripts/registry-binary.ts';
import { type Config, parseConfig } from '../../src/config/config.ts';
import { itInterprets } from '../support/interpreters.ts';
import { codeUnder } from './markdown-code.ts';

/** What Kubernetes takes, by version and kind, from Kubernetes' own description. */
const SCHEMAS = { packageName: 'kubernetes-validate', version: '1.37.0' };
const VERSIONS = ['v1.30', 'v1.37'];

type Probe = { readonly httpGet: { readonly path: string; readonly port: string } };
type Container = {
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly securityContext: object;
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly volumeMounts: readonly { readonly mountPath: string; readonly name: string }[];
};
type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec: {
    readonly type?: string;
    readonly replicas?: number;
    readonly template?: { readonly spec: PodSpec };
  };
};
type PodSpec = {
  readonly containers: readonly Container[];
  readonly enableServiceLinks: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: object;
};

const read = (name: string): string => readFileSync(new URL(`../../deploy/${name}`, import.meta.url), 'utf8');
const FILES = ['kubernetes.yaml', 'kubernetes-cluster.yaml'];
const manifestsOf = (name: string): readonly Manifest[] =>
  parseAllDocuments(read(name)).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS({ maxAliasCount: 0 }) as Manifest;
  });

function schemasOrReason(): string | { readonly reason: string } {
  try {
    return join(unpackedWheel(SCHEMAS), 'kubernetes_validate', 'kubernetes-json-schema');
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    return { reason: `skipped: pip has no ${SCHEMAS.packageName} ${SCHEMAS.version} here` };
  }
}

/** Refuses what Kubernetes does not know, as `kubectl apply --validate=strict` does. */
function validator(schemas: string, version: string) {
  const [folder = ''] = readdirSync(schemas).filter(
    (name) => name.startsWith(`${version}.`) && name.endsWith('-strict'),
  );
  const schema = (name: string) => JSON.parse(readFileSync(join(schemas, folder, name), 'utf8')) as object;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(schema('_definitions.json'), '/api/_definitions.json');
  return (manifest: Manifest): readonly unknown[] => {
    const name = `${manifest.kind}-${manifest.apiVersion.replace(/\..*\//, '/').replace('/', '-')}.json`.toLowerCase();
    if (ajv.getSchema(name) === undefined) ajv.addSchema({ ...schema(name), $id: name });
    const validate = ajv.getSchema(name) as ValidateFunction;
    return validate(manifest) ? [] : (validate.errors ?? []);
  };
}

const schemas = schemasOrReason();

describe.each(FILES)('deploy/%s', (name) => {
  const manifests = manifestsOf(name);
  const [workload] = manifests.filter(({ spec }) => spec.template !== undefined);
  const pod = workload?.spec.template?.spec as PodSpec;
  const [container] = pod.containers as [Container];

  if (typeof schemas !== 'string') it.skip(`is what Kubernetes takes (${schemas.reason})`);
  else
    it.each(VERSIONS)(
      'is what Kubernetes %s takes',
      (version) => {
        const faultsOf = validator(schemas, version);
        expect(manifests.flatMap(faultsOf)).toEqual([]);
        const mistaken = { ...workload, spec: { ...workload?.spec, replica: 1 } } as Manifest;
        expect(faultsOf(mistaken)).not.toEqual([]);
      },
      60_000,
    );

  it('gives no right that is not needed, and nothing to write to but volumes', () => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        fsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(container.volumeMounts.map(({ mountPath }) => mountPath)).toEqual(expect.arrayContaining(['/data', '/tmp']));
  });

  it('keeps out the variables that Kubernetes makes of a service called bellhop, which Bellhop refuses', () => {
    expect(pod.enableServiceLinks).toBe(false);
    expect(() => parseConfig({ BELLHOP_PORT: 'tcp://10.0.0.1:8080' }, () => '')).toThrow('BELLHOP_PORT');
  });

  it('asks what Bellhop answers, on the port it listens on, and waits for its stop', () => {
    const paths = [container.startupProbe, container.livenessProbe, container.readinessProbe].map(
      ({ httpGet }) => `${httpGet.path} ${httpGet.port}`,
    );
    expect(paths).toEqual(['/healthz http', '/healthz http', '/readyz http']);
    expect(container.ports).toEqual([{ name: 'http', containerPort: parseConfig({}, () => '').port }]);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(35);
  });

  it('opens nothing beyond the cluster, and holds no secret', () => {
    const [service] = manifests.filter(({ kind }) => kind === 'Service');
    expect(service?.spec.type).toBe('ClusterIP');
    for (const { name: setting } of container.env) expect(setting).not.toMatch(/(SECRET|KEY|KEYS|TOKEN|_URL)$/);
  });
});

const podOf = (name: string) => manifestsOf(name).find(({ spec }) => spec.template !== undefined);
const environmentOf = (name: string): Record<string, string> => {
  const [container] = podOf(name)?.spec.template?.spec.containers ?? [];
  return Object.fromEntries((container?.env ?? []).map((each) => [each.name, each.value]));
};

it('the embedded store has one pod at a time, with files that stay its own', () => {
  expect(podOf('kubernetes.yaml')).toMatchObject({
    kind: 'StatefulSet',
    spec: {
      replicas: 1,
      template: { spec: { securityContext: { fsGroupChangePolicy: 'OnRootMismatch' } } },
      volumeClaimTemplates: [{ metadata: { name: 'data' } }],
    },
  });
  expect(parseConfig(environmentOf('kubernetes.yaml'), () => '')).toMatchObject({
    mongodbUrl: null,
    vapidSubject: 'mailto:ops@example.com',
  });
});

describe('the Secret of several processes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-kubernetes-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  itInterprets('sh', 'has what the manifest names, made as docs/production.md shows', async () => {
    const [make = '', apply = ''] = codeUnder('production.md', '### Several processes')
      .filter(({ language }) => language === 'sh')
      .map(({ code }) => code);
    execFileSync('sh', ['-c', `set -eu\n${make}`], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    const given = [...apply.matchAll(/--from-file=(\S+)/g)].map(([, file]) => String(file));
    expect(given.sort()).toEqual(readdirSync(folder).sort());
    const environment = environmentOf('kubernetes-cluster.yaml');
    const config: Config = parseConfig(environment, (path) =>
      readFileSync(path.replace('/run/secrets/bellhop', folder), 'utf8'),
    );
    expect(config).toMatchObject({ vapidKeys: { publicKey: expect.stringMatching(/^B[\w-]{86}$/) } });
    expect([config.mongodbUrl, config.redisUrl].every((url) => url !== null)).toBe(true);
    const named = Object.values(environment).filter((value) => value.startsWith('/run/secrets/bellhop/'));
    expect(named.map((path) => path.split('/').at(-1)).sort()).toEqual(given.sort());
  });
});
