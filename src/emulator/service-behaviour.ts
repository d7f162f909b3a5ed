import type { Step } from './behaviour.ts';

/**
 * How a whole push service treats well-formed requests, whichever device they are for. A rule with no condition holds
 * for all of them; one with several holds where all of them do.
 */
type ServiceRule = {
  readonly step: Step;
  /** Holds this many times, then never again. */
  readonly nextRequests?: number;
  /** Holds for this share of the devices, from 0 to 1, spread evenly over them in the order they were made. */
  readonly shareOfDevices?: number;
  /** Holds once this many requests of the last second were let through. */
  readonly abovePerSecond?: number;
};

/** The first rule that holds decides; when none does, the device's own script goes on. */
export type ServiceBehaviour = readonly ServiceRule[];

export type ServiceScript = {
  readonly behaviour: ServiceBehaviour;
  /** The step for a request to the nth device, counted from 0; null leaves it to the device. */
  nextStep(deviceIndex: number, nowMs: number): Step | null;
};

/** Starts a script. It counts from here: requests, and those of the last second. */
export function startServiceScript(behaviour: ServiceBehaviour): ServiceScript {
  const rules = behaviour.map((rule) => ({ rule, left: rule.nextRequests ?? Number.POSITIVE_INFINITY }));
  const rates = behaviour.some((rule) => rule.abovePerSecond !== undefined);
  const letThroughAtMs: number[] = [];

  return {
    behaviour,
    nextStep(deviceIndex, nowMs) {
      while ((letThroughAtMs[0] ?? nowMs) <= nowMs - 1000) letThroughAtMs.shift();
      const fitting = rules.find(({ rule, left }) => {
        if (left === 0 || letThroughAtMs.length < (rule.abovePerSecond ?? 0)) return false;
        return rule.shareOfDevices === undefined || isInShare(deviceIndex, rule.shareOfDevices);
      });
      if (fitting !== undefined) {
        fitting.left -= 1;
        return fitting.rule.step;
      }
      if (rates) letThroughAtMs.push(nowMs);
      return null;
    },
  };
}

/** Of any first n devices, n times the share, rounded down: neither chance nor a run of neighbours. */
function isInShare(index: number, share: number): boolean {
  return Math.floor((index + 1) * share) > Math.floor(index * share);
}
