/** Why messages are only in memory, or which row could not be read. */
export interface StoreTrouble {
  /**
   * - `unavailable`: there is no IndexedDB or no Web Locks, or the platform refuses them, as in some private windows.
   * - `failed`: the database failed, was reopened, and failed again.
   * - `quota`: there is no space for some messages; others are stored as before.
   * - `invalid`: a row of the database is damaged, or other code or another version wrote it. The store deletes it,
   *   and its message settles as `unknown`; others are stored as before. The message of `cause` names the row.
   */
  readonly what: 'unavailable' | 'failed' | 'quota' | 'invalid'
  readonly cause: unknown
  /** Where messages are stored from now on. */
  readonly durability: 'disk' | 'memory'
}
