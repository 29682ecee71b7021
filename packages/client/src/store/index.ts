export type { DatabaseLike, DatabasesLike, Key, LocksLike, ObjectStoreLike } from './ports.ts'
export type { OpenRequestLike, PageEventLike, RequestLike, StorePorts, TransactionLike } from './ports.ts'
export { store } from './store.ts'
export type { DiskStore, StoreOptions, StoreTrouble } from './store.ts'
