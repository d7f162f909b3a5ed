import { type Config, ConfigError, parseConfig } from '../../config/config.ts';
import { readEnvironment, readText } from '../../config/environment.ts';
import { nearMissesOf } from '../../config/near-misses.ts';
import type { Environment } from '../../config/setting-values.ts';
import { type Check, type Finding, failed, ok, warning } from '../../domain/finding.ts';
import { summarize } from '../../telemetry/error-summary.ts';
import { checkDataFolder } from './data-folder-check.ts';
import { checkEgress, type EgressOptions } from './egress-check.ts';
import { checkKeys } from './keys-check.ts';
import { checkPayload } from './payload-check.ts';
import { exitCodeOf, reportJson, reportLine, tallyLine } from './report.ts';
import { checkSending } from './sending-check.ts';
import { checkServers } from './servers-check.ts';

/** Looks at this installation as the service would find it, and reports. Gives the exit code. */
export async function runDoctor({
  isJson,
  isOffline,
}: {
  readonly isJson: boolean;
  readonly isOffline: boolean;
}): Promise<number> {
  const findings: Finding[] = [];
  for await (const finding of examine(readEnvironment, { isOffline })) {
    findings.push(finding);
    if (!isJson) process.stdout.write(reportLine(finding));
  }
  process.stdout.write(isJson ? reportJson(findings) : tallyLine(findings));
  return exitCodeOf(findings);
}

/** Every finding, as soon as it is there. Without a configuration there is nothing else to look at. */
export async function* examine(
  environment: () => Environment,
  egress: Partial<EgressOptions> = {},
): AsyncGenerator<Finding> {
  const { config, findings } = checkConfiguration(environment);
  yield* findings;
  if (config === null) return;
  const { findings: keyFindings, keys } = checkKeys(config);
  yield* keyFindings;
  const { pushCaPem: caPem, pushAllowedHosts: allowedHosts, pushProxy: proxy, vapidSubject } = config;
  const checks: readonly (readonly [name: string, check: Check])[] = [
    ['data folder', () => checkDataFolder(config.dataDir)],
    ['servers', () => checkServers(config)],
    ['sending', () => checkSending(config)],
    ['egress', () => checkEgress({ caPem, allowedHosts, proxy, ...egress })],
    ['payload', () => checkPayload(keys?.[0] ?? null, vapidSubject)],
  ];
  for (const [name, check] of checks) yield* await withoutFail(name, check);
}

function checkConfiguration(environment: () => Environment): {
  readonly config: Config | null;
  readonly findings: readonly Finding[];
} {
  try {
    const given = environment();
    const config = parseConfig(given, readText);
    const misses = nearMissesOf(given).map((miss) => warning('configuration', miss, 'See docs/configuration.md.'));
    return { config, findings: [ok('configuration', 'every setting is well formed'), ...misses] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const remedy = 'See docs/configuration.md. The rest is looked at once the configuration is mended.';
    return { config: null, findings: error.problems.map((problem) => failed('configuration', problem, remedy)) };
  }
}

/** A check that breaks is a finding as well, and keeps nobody from the next. */
async function withoutFail(name: string, check: Check): Promise<readonly Finding[]> {
  try {
    return await check();
  } catch (error) {
    // As the log tells it: a message may quote a secret.
    const { error: kind, at } = summarize(error);
    const where = at === undefined ? '' : ` at ${at}`;
    return [
      failed(name, `the check itself broke (${kind}${where})`, 'Please report it: this is a fault of Bellhop’s.'),
    ];
  }
}
