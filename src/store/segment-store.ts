/** Expressions that have a name, as they were written. There are few. */
export interface SegmentStore {
  /** By key. */
  all(): Promise<ReadonlyMap<string, string>>;
  put(key: string, text: string): Promise<void>;
  /** False where there was none. */
  delete(key: string): Promise<boolean>;
}
