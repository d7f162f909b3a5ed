/** A row of the table of commands (`commands.ts`): its help and the check of what is given follow from it. */
export type Command = {
  readonly name: string;
  /** A sentence for the list of commands. */
  readonly meaning: string;
  /** What stands after the name, in this order; those that may be left out come last. */
  readonly operands?: readonly Operand[];
  readonly options?: readonly Option[];
  /** Paragraphs for the help of this command alone, with line feeds. */
  readonly more?: string;
  /** Gives the exit code; null where the process goes on. Loads what it needs: no command pays for another. */
  readonly run: (given: Given) => Promise<number | null>;
};

type Operand = {
  /** In capitals: `FILE`. */
  readonly name: string;
  readonly meaning: string;
  readonly mayBeMissing?: boolean;
};

export type Option = {
  /** With its dashes: `--json`. */
  readonly name: string;
  /** What its value is called, in capitals; without one it takes no value. */
  readonly value?: string;
  readonly meaning: string;
  /** May be given several times: the values are put together, with a comma between. */
  readonly isList?: true;
};

/** What a command was given, checked against its row. */
export type Given = {
  readonly operands: readonly string[];
  /** By name with dashes, `--json`; the value of an option that takes none is empty. The last one of a name holds, where it is no list. */
  readonly options: ReadonlyMap<string, string>;
};
