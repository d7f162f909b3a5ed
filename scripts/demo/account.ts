/** The numbered, ticked account that the demo prints. Colours only where a terminal shows them. */
export type Account = {
  /** Begins a step and says what is about to happen. */
  step(title: string): void;
  /** A fact that was checked. A false one is crossed, and the account fails in the end. */
  check(isTrue: boolean, text: string): void;
  /** Further facts under the last line. */
  detail(text: string): void;
  /** How many checks were made and how many of them failed. */
  tally(): { checked: number; failed: number };
};

export function createAccount(write: (text: string) => void, colours: boolean): Account {
  const paint = (code: number) => (text: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  const [bold, dim, green, red] = [paint(1), paint(2), paint(32), paint(31)];
  let steps = 0;
  let checked = 0;
  let failed = 0;
  return {
    step(title) {
      steps += 1;
      write(`\n${bold(`${steps}. ${title}`)}\n`);
    },
    check(isTrue, text) {
      checked += 1;
      if (!isTrue) failed += 1;
      write(`   ${isTrue ? green('✔') : red('✘')} ${text}\n`);
    },
    detail(text) {
      write(`     ${dim(text)}\n`);
    },
    tally: () => ({ checked, failed }),
  };
}
