import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { pythonTools } from '../../scripts/api-clients/tools.ts';
import { itWithTools, output, startDescribed } from './service.ts';

const CONFIG = fileURLToPath(new URL('schemathesis.toml', import.meta.url));
const PROGRAMS = fileURLToPath(new URL('programs', import.meta.url));

describe('what /openapi.json says', () => {
  itWithTools('is what the service does, for all that schemathesis tries', pythonTools(), async (tools) => {
    const described = await startDescribed();
    try {
      const { address, secret } = described.service;
      const run = ['run', `${address}/openapi.json`, '--header', `Authorization: Bearer ${secret}`];
      const args = ['-c', 'from schemathesis.cli import schemathesis; schemathesis()', '--config-file', CONFIG, ...run];
      const env = { PYTHONPATH: [tools, PROGRAMS].join(delimiter), SCHEMATHESIS_HOOKS: 'lines_as_text' };
      await output('python3', args, { cwd: described.folder, env });
    } finally {
      await described.dispose();
    }
  });
});
