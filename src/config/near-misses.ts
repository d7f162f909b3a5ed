import { spellingDistance } from '../domain/spelling.ts';
import { type Environment, NAMES_OF_FILES } from './setting-values.ts';
import { SETTINGS } from './settings.ts';

const NAMES: readonly string[] = [...Object.keys(SETTINGS), ...NAMES_OF_FILES];

/** Names of others that resemble ours: what they mean is known, and is not a slip. */
const OF_OTHERS: ReadonlySet<string> = new Set(['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY']);

/** Shorter ones, such as PORT and HOST, resemble too much that is nobody's slip. */
const SHORTEST_NAME = 8;
const LONG_NAME = 10;

/**
 * A sentence for each variable that is no setting but is spelled nearly as one that is not set: what somebody meant to set
 * is not in force. Never a value.
 */
export function nearMissesOf(environment: Environment): readonly string[] {
  return Object.keys(environment).flatMap((name) => {
    if (!isSet(environment, name) || NAMES.includes(name) || OF_OTHERS.has(name.toUpperCase())) return [];
    const meant = NAMES.find((candidate) => isNear(name, candidate) && !isGiven(environment, candidate));
    if (meant === undefined) return [];
    return [`${name} is no setting, and is not looked at: was ${meant} meant? Give it that name, or leave it out.`];
  });
}

function isSet(environment: Environment, name: string): boolean {
  return (environment[name] ?? '').trim() !== '';
}

/** As itself, or by the name of its file. */
function isGiven(environment: Environment, name: string): boolean {
  return isSet(environment, name) || isSet(environment, `${name}_FILE`);
}

function isNear(name: string, candidate: string): boolean {
  if (candidate.length < SHORTEST_NAME) return false;
  const most = candidate.length < LONG_NAME ? 1 : 2;
  if (Math.abs(name.length - candidate.length) > most) return false;
  return spellingDistance(name.toUpperCase(), candidate) <= most;
}
