/** What this installation knows about itself, each fact by its name. */
export interface FactStore {
  /** Keeps a fact, unless one of this name is kept already. Returns what is kept. */
  keep(name: string, value: string): Promise<string>;
  /** What is kept under this name; null where nothing is. */
  find(name: string): Promise<string | null>;
  /** Keeps a fact in place of the one of this name. */
  replace(name: string, value: string): Promise<void>;
}
