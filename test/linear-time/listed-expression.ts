/** A text of any length: what it begins with, what is repeated, and what the expression stumbles over at the end. */
export type Worst = { readonly head?: string; readonly repeated: string; readonly tail?: string };

/** An expression, and the text that costs it most. */
export type Listed = readonly [expression: RegExp, worst: Worst];
