/** The head of a media type, and each of its parameters (RFC 9110 sections 5.6.6 and 8.3.1). No parameter may stand there. */
const TYPE = /^[ \t]*([!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+)/;
const PARAMETER =
  /[ \t]*;(?:[ \t]*([!#$%&'*+.^_`|~\w-]+)=(?:([!#$%&'*+.^_`|~\w-]+)|"((?:[^"\\]|\\[\t -~\x80-\xff])*)"))?/y;

export type MediaType = {
  /** In lower case, for example `application/json`. */
  readonly type: string;
  /** Names in lower case, in the order given. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
};

/** A `Content-Type` taken apart; null where it is none. The time is linear in its length. */
export function parseMediaType(text: string): MediaType | null {
  const head = TYPE.exec(text);
  const type = head?.[1];
  if (head === null || type === undefined) return null;
  const parameters: [string, string][] = [];
  let at = head[0].length;
  for (;;) {
    PARAMETER.lastIndex = at;
    const found = PARAMETER.exec(text);
    if (found === null) break;
    at = PARAMETER.lastIndex;
    const [, name, token, quoted = ''] = found;
    if (name !== undefined) parameters.push([name.toLowerCase(), token ?? quoted.replaceAll(/\\(.)/g, '$1')]);
  }
  return text.slice(at).trim() === '' ? { type: type.toLowerCase(), parameters } : null;
}
