import { Buffer } from 'node:buffer';
import { AppError } from '../domain/app-error.ts';
import type { CompiledWording } from '../domain/content/compiled-wording.ts';
import { type ValueProblem, valueProblems } from '../domain/content/values.ts';
import { MAX_VALUES_OCTETS, type Values } from '../domain/content/wording.ts';

/** Users with values of their own, in the same order. */
export type RecipientValues = { readonly userIds: readonly string[]; readonly values: readonly Values[] };

type Problem = {
  readonly variable: string | null;
  readonly locale: string | null;
  readonly user_id: string | null;
  readonly index: number | null;
  readonly message: string;
};

const MOST_PROBLEMS = 20;

/** Throws `invalid_variables` with the first problems of all recipients. What is known `elsewhere` may be given though it is not used here. */
export function checkValues(
  compiled: CompiledWording,
  shared: Values,
  recipients: RecipientValues | null,
  elsewhere: ReadonlySet<string> = new Set(),
): void {
  const used = (values: Values): Values => usedHere(compiled, values, elsewhere);
  const problems: Problem[] = [];
  const note = (found: readonly ValueProblem[], userId: string | null, index: number | null): void => {
    for (const { variable, locale, message } of found)
      problems.push({ variable, locale, user_id: userId, index, message });
  };
  if (recipients === null) note([...valueProblems(compiled, used(shared)), ...sizeProblems(shared)], null, null);
  recipients?.values.forEach((own, index) => {
    if (problems.length >= MOST_PROBLEMS) return;
    const userId = recipients.userIds[index] ?? null;
    note([...valueProblems(compiled, used({ ...shared, ...own })), ...sizeProblems(own)], userId, index);
  });
  const [first] = problems;
  if (first === undefined) return;
  throw new AppError('invalid_variables', sentenceOf(first), { problems: problems.slice(0, MOST_PROBLEMS) });
}

/** Without those that only another variant has. */
function usedHere({ variables }: CompiledWording, values: Values, elsewhere: ReadonlySet<string>): Values {
  if (elsewhere.size === 0) return values;
  const isUsed = ([name]: readonly [string, unknown]) => Object.hasOwn(variables, name) || !elsewhere.has(name);
  return Object.fromEntries(Object.entries(values).filter(isUsed));
}

function sizeProblems(values: Values): readonly ValueProblem[] {
  const octets = Buffer.byteLength(JSON.stringify(values));
  if (octets <= MAX_VALUES_OCTETS) return [];
  return [{ variable: '', locale: null, message: `have ${octets} octets together, and may have ${MAX_VALUES_OCTETS}` }];
}

function sentenceOf({ variable, locale, user_id: userId, index, message }: Problem): string {
  const what = variable === '' ? 'The variables' : `The variable “${variable}”`;
  const where = locale === null ? '' : `, which the text in “${locale}” has`;
  const whose = userId === null || index === null ? '' : `, for recipients[${index}], “${userId}”`;
  return `${what}${where}${whose}: ${message}.`;
}
