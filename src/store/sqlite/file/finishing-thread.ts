import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { type CopyNotes, finishHere } from './finished-copy.ts';

// Linux gives priorities to threads: what serves callers goes first. Elsewhere this would be the whole process.
if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);

parentPort?.postMessage(await finishHere(workerData as CopyNotes));
