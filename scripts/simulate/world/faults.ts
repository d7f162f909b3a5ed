import type { Fault } from '../plan/plan.ts';
import type { Host } from './host.ts';
import type { Stage } from './stage.ts';

const SECOND_MS = 1000;
/** A crash that was to come at a later call comes by then, whether there was one or not. */
const CRASHES_WITHIN_MS = 20 * SECOND_MS;
/** Clocks that processes compare may differ by so little, and the clock of one alone by much. */
const MOST_SKEW_MS = { shared: 2500, embedded: 6 * 3_600_000 } as const;

/** Lets one thing go wrong, and puts its end on the agenda. */
export function befall(stage: Stage, fault: Fault): void {
  stage.record.note('fault', JSON.stringify(fault));
  stage.record.troubledAtMs = stage.time.nowMs;
  if ('forSeconds' in fault) {
    const end = beginTrouble(stage, fault);
    stage.agenda.add(stage.time.nowMs + fault.forSeconds * SECOND_MS, end);
  } else strike(stage, fault);
}

type Lasting = Extract<Fault, { readonly forSeconds: number }>;

/** Gives what ends it. */
function beginTrouble(stage: Stage, fault: Lasting): () => void {
  switch (fault.kind) {
    case 'service':
      stage.services.trouble(fault.service, fault.trouble);
      return () => stage.services.trouble(fault.service, null);
    case 'queue': {
      const { forgets, duplicates, delays } = fault;
      Object.assign(stage.jobs.weather, { forgets, duplicates, delays });
      return () => stage.jobs.calm();
    }
    case 'slow_store':
      for (const { weather } of stage.hosts) weather.slowMs = fault.mostMs;
      return () => quicken(stage);
    case 'store_away': {
      const { weather } = hostOf(stage, fault.host);
      weather.isAway = true;
      return () => {
        weather.isAway = false;
      };
    }
    case 'slow_disk':
      stage.diskSlowMs = fault.mostMs;
      return () => {
        stage.diskSlowMs = 0;
      };
  }
}

function strike(stage: Stage, fault: Exclude<Fault, Lasting>): void {
  switch (fault.kind) {
    case 'crash':
      crashSoon(stage, hostOf(stage, fault.host), fault);
      break;
    case 'power_loss':
      losePowerSoon(stage, fault);
      break;
    case 'restart':
      restart(stage, hostOf(stage, fault.host), fault.downSeconds);
      break;
    case 'clock_jump':
      jump(stage, hostOf(stage, fault.host), fault.byMs);
      break;
  }
}

/** Nothing is wrong any more. */
export function heal(stage: Stage): void {
  stage.services.heal();
  stage.receivers.fails = 0;
  stage.jobs.calm();
  stage.diskSlowMs = 0;
  quicken(stage);
  for (const host of stage.hosts) {
    host.weather.isAway = false;
    host.weather.fuse = null;
    if (!host.isUp) stage.starting.push(host);
  }
}

/** Between processes and a store that they share there is a way. */
export function usualSlowMs(stage: Stage): number {
  return stage.isEmbedded ? 0 : 40;
}

function quicken(stage: Stage): void {
  for (const { weather } of stage.hosts) weather.slowMs = usualSlowMs(stage);
}

function hostOf({ hosts }: Stage, index: number): Host {
  const host = hosts[index % hosts.length];
  if (host === undefined) throw new RangeError('a world has a host');
  return host;
}

function crashSoon(stage: Stage, host: Host, { calls, cut, downSeconds }: Extract<Fault, { kind: 'crash' }>): void {
  if (!host.isUp) return;
  const burn = (): void => {
    stage.crash(host);
    comeBack(stage, host, downSeconds);
  };
  light(stage, host, { calls, cut, burn });
}

function losePowerSoon(stage: Stage, { calls, cut, downSeconds }: Extract<Fault, { kind: 'power_loss' }>): void {
  const host = stage.hosts.find(({ isUp }) => isUp);
  if (host === undefined) return;
  const burn = (): void => {
    stage.losePower();
    for (const each of stage.hosts) comeBack(stage, each, downSeconds);
  };
  light(stage, host, { calls, cut, burn });
}

type Fuse = NonNullable<Host['weather']['fuse']>;

function light(stage: Stage, host: Host, fuse: Fuse): void {
  host.weather.fuse = fuse;
  stage.agenda.add(stage.time.nowMs + CRASHES_WITHIN_MS, () => {
    if (host.weather.fuse === fuse) fuse.burn();
  });
}

function comeBack(stage: Stage, host: Host, afterSeconds: number): void {
  stage.agenda.add(stage.time.nowMs + afterSeconds * SECOND_MS, () => stage.starting.push(host));
}

function restart(stage: Stage, host: Host, downSeconds: number): void {
  if (host.running === null) return;
  const stopped = (): void => {
    stage.leave();
    comeBack(stage, host, downSeconds);
  };
  void host.stop().then(stopped, (error: unknown) => stage.failed('stop', error));
}

function jump({ plan }: Stage, host: Host, byMs: number): void {
  const mostMs = MOST_SKEW_MS[plan.deployment.kind];
  const skewMs = Math.max(-mostMs, Math.min(mostMs, host.skewMs + byMs));
  host.jump(skewMs - host.skewMs);
}
