import { copyFileSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { goTools, npmTools, pythonTools } from '../../scripts/api-clients/tools.ts';
import { type Described, environmentOf, itWithTools, output, SLOW_MS, startDescribed } from './service.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAMS = fileURLToPath(new URL('programs', import.meta.url));
const OAPI_CODEGEN = 'github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2';

/** As `docs/clients.md` says: by itself it knows no such content. */
const LINES_ARE_OCTETS = { content_type_overrides: { 'application/x-ndjson': 'application/octet-stream' } };

describe('clients that strangers generate from /openapi.json', () => {
  let described: Described;
  beforeAll(async () => {
    described = await startDescribed();
  }, SLOW_MS);
  afterAll(() => described.dispose());

  const folderFor = (name: string): string => {
    const folder = join(described.folder, name);
    mkdirSync(folder);
    return folder;
  };

  itWithTools('Redocly finds nothing by its recommended rules', npmTools(), async (tools) => {
    const args = [
      'lint',
      '--extends',
      'recommended',
      '--format',
      'json',
      '--max-problems',
      '20',
      described.description,
    ];
    const env = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
    const found = await output(join(tools, 'node_modules', '.bin', 'redocly'), args, { cwd: described.folder, env });
    expect(JSON.parse(found).problems).toEqual([]);
  });

  itWithTools(
    'TypeScript: compiles, and makes a round trip (openapi-typescript, openapi-fetch)',
    npmTools(),
    async (tools) => {
      const folder = folderFor('typescript');
      symlinkSync(join(tools, 'node_modules'), join(folder, 'node_modules'));
      const generate = join(tools, 'node_modules', '.bin', 'openapi-typescript');
      await output(generate, [described.description, '-o', 'schema.d.ts'], { cwd: folder });
      copyFileSync(join(PROGRAMS, 'round-trip.ts.txt'), join(folder, 'round-trip.ts'));
      writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
      const strict = [
        '--strict',
        '--noEmit',
        '--module',
        'esnext',
        '--moduleResolution',
        'bundler',
        '--target',
        'es2022',
      ];
      const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules', '@types')];
      await output(join(ROOT, 'node_modules', '.bin', 'tsc'), [...strict, ...types, 'round-trip.ts'], { cwd: folder });
      const tsx = join(ROOT, 'node_modules', '.bin', 'tsx');
      const said = await output(tsx, ['round-trip.ts'], { cwd: folder, env: environmentOf(described) });
      expect(said.split('\n')).toEqual([
        'ts true',
        'On its way normal true',
        '1 accepted',
        '404 notification_not_found',
        '1 null',
        '',
      ]);
    },
  );

  itWithTools('Python: type-checks, and makes a round trip (openapi-python-client)', pythonTools(), async (tools) => {
    const folder = folderFor('python');
    const env = { PYTHONPATH: tools, PATH: `${join(tools, 'bin')}:${process.env.PATH}` };
    writeFileSync(join(folder, 'config.json'), JSON.stringify(LINES_ARE_OCTETS));
    const generate = ['-m', 'openapi_python_client', 'generate', '--path', described.description];
    // A warning is a part that the client lacks.
    const options = ['--output-path', 'made', '--config', 'config.json', '--fail-on-warning'];
    expect(await output('python3', [...generate, ...options], { cwd: folder, env })).not.toMatch(/warning/i);
    cpSync(join(folder, 'made', 'bellhop_client'), join(folder, 'bellhop_client'), { recursive: true });
    copyFileSync(join(PROGRAMS, 'round_trip.py'), join(folder, 'round_trip.py'));
    await output('python3', ['-m', 'mypy', '--strict', 'round_trip.py'], { cwd: folder, env });
    const said = await output('python3', ['round_trip.py'], {
      cwd: folder,
      env: { ...env, ...environmentOf(described) },
    });
    expect(said.split('\n')).toEqual([
      'py True',
      'On its way normal True',
      '1 accepted',
      '404 notification_not_found',
      '1 None',
      '',
    ]);
  });

  itWithTools('Go: compiles, and makes a round trip (oapi-codegen)', goTools(), async (tools) => {
    const folder = folderFor('go');
    const go = join(tools, 'go');
    const env = { GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local', GO111MODULE: 'on' };
    writeFileSync(join(folder, 'go.mod'), 'module example.com/roundtrip\n\ngo 1.24\n');
    mkdirSync(join(folder, 'bellhop'));
    const made = join('bellhop', 'bellhop.go');
    const generate = ['-generate', 'types,client', '-package', 'bellhop', '-o', made, described.description];
    await output(go, ['run', OAPI_CODEGEN, ...generate], { cwd: folder, env });
    copyFileSync(join(PROGRAMS, 'round_trip.go'), join(folder, 'main.go'));
    await output(go, ['mod', 'tidy'], { cwd: folder, env });
    await output(go, ['vet', './...'], { cwd: folder, env });
    const said = await output(go, ['run', '.'], { cwd: folder, env: { ...env, ...environmentOf(described) } });
    expect(said.split('\n')).toEqual([
      'go true',
      'On its way normal true',
      '1 accepted',
      '404 notification_not_found',
      '1 <nil>',
      '',
    ]);
  });
});
