/** What processes that share documents and jobs agree on besides. */
export interface Coordination {
  /**
   * True while this process is the one to run the loop of this name. Where nobody can be asked it is true as well: the
   * loops are harmless in parallel, standing still is not. Answers within about a second.
   */
  lead(loop: string): Promise<boolean>;
  /** Hands every loop over at once. Harmless when repeated. */
  close(): Promise<void>;
}
