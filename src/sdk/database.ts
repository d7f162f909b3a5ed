/** Resolves with what the request gives, once its transaction is on disk. */
export type OnShelf = (mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest) => Promise<unknown>;

/** One object store, in a database of its own. */
export function shelfIn(name: string, store: string, options?: IDBObjectStoreParameters): OnShelf {
  return async (mode, act) => {
    const database = await open(name, store, options);
    try {
      return await new Promise((resolve, reject) => {
        const transaction = database.transaction(store, mode);
        const request = act(transaction.objectStore(store));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onabort = () => reject(transaction.error);
      });
    } finally {
      database.close();
    }
  };
}

function open(name: string, store: string, options?: IDBObjectStoreParameters): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(store, options);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
