import type { FormatValues } from './format-message.ts';
import { isLink } from './link.ts';
import type { Message, MessageProblem } from './message.ts';
import type { MessageLibrary } from './message-library.ts';

/**
 * What a link is made of: plain text and variables. `isWhole`: it is one variable and nothing else, which is then a link itself;
 * in all others values are percent-encoded, so that none of them changes where the link leads.
 */
export type LinkPattern = { readonly parts: readonly LinkPart[]; readonly isWhole: boolean };

type LinkPart = { readonly text: string } | { readonly variable: string };

/** Reads the pattern of a link; what is not right with it is a problem. */
export function readLink(library: MessageLibrary, { elements }: Message): LinkPattern | MessageProblem {
  const parts: LinkPart[] = [];
  for (const element of elements) {
    if (library.isLiteralElement(element)) parts.push({ text: element.value });
    else if (library.isArgumentElement(element)) parts.push({ variable: element.value });
    else
      return {
        position: element.location?.start.offset ?? null,
        message: 'a link takes plain variables only, as in {id}',
      };
  }
  const [first, second] = parts;
  const isWhole = first !== undefined && second === undefined && 'variable' in first;
  if (isWhole) return { parts, isWhole };
  const isFixed = second === undefined || (first !== undefined && 'text' in first && BEGINS_A_PATH.test(first.text));
  if (isFixed && isLink(parts.map((part) => ('text' in part ? part.text : 'x')).join(''))) return { parts, isWhole };
  return {
    position: null,
    message:
      'must be an http(s) URL, or a path that starts with one “/”, with variables behind the host; or one variable alone',
  };
}

/** Where a variable comes after this, no value can name another host. */
const BEGINS_A_PATH = /^(https?:\/\/[^/?#]+)?\//i;

/** The link with these values. Throws where one is missing. */
export function writeLink({ parts, isWhole }: LinkPattern, values: FormatValues): string {
  return parts
    .map((part) => {
      if ('text' in part) return part.text;
      const value = Object.hasOwn(values, part.variable) ? values[part.variable] : undefined;
      if (value === undefined) throw new Error(`the variable ${part.variable} is missing`);
      return isWhole ? String(value) : encodeURIComponent(value);
    })
    .join('');
}
