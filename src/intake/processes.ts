import type { Coordination } from '../coordination/coordination.ts';
import { type ProcessView, readProcessWords } from '../domain/process/process-view.ts';
import type { LaneView } from '../domain/push-service/lane-view.ts';

/** The processes of this installation that are there. */
export type Processes = {
  /** The one that answers first. */
  list(): Promise<readonly ProcessView[]>;
  /** How the lanes of all of them stand. */
  lanes(): Promise<readonly LaneView[]>;
};

export type ProcessesOptions = {
  readonly coordination: Pick<Coordination, 'announcements'>;
  /** How the process that answers stands at this moment. */
  readonly own: () => ProcessView;
};

/** What each process told within the last seconds; of itself one knows better. */
export function createProcesses({ coordination, own }: ProcessesOptions): Processes {
  const list = async (): Promise<readonly ProcessView[]> => {
    const here = own();
    const told = (await coordination.announcements()).flatMap((words) => readProcessWords(words) ?? []);
    const others = told.filter(({ id }) => id !== here.id);
    return [here, ...others.toSorted((one, other) => one.startedAtMs - other.startedAtMs)];
  };
  return { list, lanes: async () => (await list()).flatMap((each) => each.lanes) };
}
