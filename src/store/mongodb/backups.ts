import { AppError } from '../../domain/app-error.ts';
import type { BackupStore } from '../backup-store.ts';

const ELSEWHERE =
  'Documents are in MongoDB, which has its own tools for this: back it up with mongodump, or by snapshots (docs/backup.md).';

/** MongoDB is backed up by its own tools. */
export function mongoBackups(): BackupStore {
  const refuse = async (): Promise<never> => {
    throw new AppError('backup_unavailable', ELSEWHERE);
  };
  return {
    make: refuse,
    take: refuse,
    list: async () => [],
    keepNewest: async () => [],
    forgetUpgrade: async () => false,
  };
}
