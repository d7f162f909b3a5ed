import { pushFaultsContract } from '../contract/push-faults-contract.ts';
import { pushTransportContract } from '../contract/push-transport-contract.ts';
import { Closing } from './transport-fixture.ts';

const closing = new Closing();
pushTransportContract(closing);
pushFaultsContract(closing);
