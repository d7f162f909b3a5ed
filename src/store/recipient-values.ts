import type { Values } from '../domain/content/wording.ts';

/** Of a list of ten thousand, a page of a fan-out reads only the pieces that its users are in. */
const USERS_A_PIECE = 250;

/** The values of all recipients in pieces, each as JSON, in the order of the users. */
export function piecesOf(values: readonly Values[]): readonly string[] {
  const count = Math.ceil(values.length / USERS_A_PIECE);
  return Array.from({ length: count }, (_, piece) =>
    JSON.stringify(values.slice(piece * USERS_A_PIECE, (piece + 1) * USERS_A_PIECE)),
  );
}

/** How many pieces there are for so many users. */
export function pieceCount(users: number): number {
  return Math.ceil(users / USERS_A_PIECE);
}

/** The pieces in which these users are, of all those named. */
export function piecesWith(all: readonly string[], userIds: readonly string[]): readonly number[] {
  const wanted = new Set(userIds);
  const pieces = new Set<number>();
  all.forEach((userId, index) => {
    if (wanted.has(userId)) pieces.add(Math.floor(index / USERS_A_PIECE));
  });
  return [...pieces];
}

/** The values of these users, out of the pieces that were read. */
export function valuesIn(
  all: readonly string[],
  userIds: readonly string[],
  pieces: ReadonlyMap<number, string>,
): ReadonlyMap<string, Values> {
  const wanted = new Set(userIds);
  const found = new Map<string, Values>();
  for (const [piece, text] of pieces) {
    (JSON.parse(text) as Values[]).forEach((values, index) => {
      const userId = all[piece * USERS_A_PIECE + index];
      if (userId !== undefined && wanted.has(userId)) found.set(userId, values);
    });
  }
  return found;
}

/** In which piece the values of the user at this place of the list are, and the piece without them. */
export function withoutValues(index: number): { readonly piece: number; readonly edit: (text: string) => string } {
  const edit = (text: string): string => {
    const lists = JSON.parse(text) as Values[];
    return JSON.stringify(lists.with(index % USERS_A_PIECE, {}));
  };
  return { piece: Math.floor(index / USERS_A_PIECE), edit };
}
