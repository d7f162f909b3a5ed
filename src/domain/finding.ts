/** What one look showed. `skipped` says why it could not be looked at; `warning` lets everything work, today. */
export type Grade = 'ok' | 'warning' | 'failed' | 'skipped';

/** One line for a person. Never an endpoint, key or secret. */
export type Finding = {
  readonly check: string;
  /** So named in the JSON of `doctor --json`. */
  readonly verdict: Grade;
  readonly finding: string;
  /** What to do; null where nothing needs doing. */
  readonly remedy: string | null;
};

/** All that a check finds. It does not reject: whatever goes wrong is a finding. */
export type Check = () => Promise<readonly Finding[]>;

export function ok(check: string, finding: string): Finding {
  return { check, verdict: 'ok', finding, remedy: null };
}

export function warning(check: string, finding: string, remedy: string): Finding {
  return { check, verdict: 'warning', finding, remedy };
}

export function failed(check: string, finding: string, remedy: string): Finding {
  return { check, verdict: 'failed', finding, remedy };
}

export function skipped(check: string, why: string): Finding {
  return { check, verdict: 'skipped', finding: why, remedy: null };
}
