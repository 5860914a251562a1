// Where the outbox lies on the device: one record for each parcel in IndexedDB, so that two pages of the cockpit never write over each other.
import type { Parcel, Shelf } from "@/api/outbox";

const NAME = "fugue";
const STORE = "outbox";

function done<T>(asked: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

function open(): Promise<IDBDatabase> {
  const asked = indexedDB.open(NAME, 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "key" });
  return done(asked);
}

/** The shelf of this browser. A write comes back when it is on the disk. */
export function deviceShelf(): Shelf {
  let opened: Promise<IDBDatabase> | undefined;
  const within = async (mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest) => {
    opened ??= open();
    // What could not be opened once may be opened later.
    opened.catch(() => (opened = undefined));
    const transaction = (await opened).transaction(STORE, mode, { durability: "strict" });
    const asked = work(transaction.objectStore(STORE));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
      transaction.onerror = () => reject(transaction.error);
    });
    return asked.result as unknown;
  };
  return {
    all: async () => (await within("readonly", (store) => store.getAll())) as Parcel[],
    put: async (parcel) => void (await within("readwrite", (store) => store.put(parcel))),
    drop: async (key) => void (await within("readwrite", (store) => store.delete(key))),
  };
}
