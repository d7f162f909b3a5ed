import { createLoneCoordination } from '../../src/coordination/alone.ts';
import { coordinationContract } from '../contract/coordination-contract.ts';

coordinationContract('a process alone', async () => createLoneCoordination());
