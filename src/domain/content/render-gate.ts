import type { RenderFailure } from '../audience/release.ts';
import { type GateAnswer, GO } from '../delivery/gate.ts';

/** A text that could be made when the delivery was made may not be made now: a person may have moved to a zone that this runtime does not know. */
export function renderGate({ renderFailure }: { readonly renderFailure: RenderFailure | null }): GateAnswer {
  return renderFailure === null ? GO : { kind: 'drop', reason: 'render_failed' };
}
