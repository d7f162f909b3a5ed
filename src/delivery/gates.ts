import { type PersonGateFacts, personGate } from '../domain/audience/person-gate.ts';
import type { RenderFailure } from '../domain/audience/release.ts';
import { renderGate } from '../domain/content/render-gate.ts';
import type { Gate } from '../domain/delivery/gate.ts';
import { quarantineGate } from '../domain/subscription/quarantine.ts';
import type { Claimed } from '../store/delivery-store.ts';

/** What the gates know of a claimed delivery. */
export type GateFacts = Claimed &
  Pick<PersonGateFacts, 'policy' | 'serverZone'> & {
    /** Why its text cannot be made; null where it was, or is the same for all. */
    readonly renderFailure: RenderFailure | null;
  };

/**
 * What can keep a claimed delivery from being sent, in the order in which the worker asks. To add a gate is to add a row.
 * What ends a delivery anyway goes before all of them: the machine looks first whether it is out of time or of no use.
 */
export const GATES: readonly Gate<GateFacts>[] = [personGate, renderGate, quarantineGate];
