import type { OperatorSession, SignInLink } from '../domain/operator/operator.ts';

/** Who may look at the console now. Kept here, so that every process knows it. What has expired is swept. */
export interface OperatorStore {
  addLink(link: SignInLink): Promise<void>;
  /** A link that can be used; it stays. Null where there is none, or where it expired by `nowMs`. */
  findLink(digest: string, nowMs: number): Promise<SignInLink | null>;
  /** Uses a link up: of many who ask, one gets it. Null for the others, and where it expired by `nowMs`. */
  takeLink(digest: string, nowMs: number): Promise<SignInLink | null>;
  addSession(session: OperatorSession): Promise<void>;
  /** Null where there is none, or where it expired by `nowMs`. */
  findSession(digest: string, nowMs: number): Promise<OperatorSession | null>;
  /** Harmless where there is none. */
  endSession(digest: string): Promise<void>;
  /** Ends every session and takes back every link. Returns how many sessions ended. */
  endAll(): Promise<number>;
}
