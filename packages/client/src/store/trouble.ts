/** Why messages are only in memory, or which row could not be read. */
export interface StoreTrouble {
  /**
   * - `unavailable`: there is no IndexedDB here, no Web Locks, or the platform refuses them, as in some private windows.
   * - `failed`: the database failed, was opened again, and failed again.
   * - `quota`: there is no space for some messages; the others are stored as before.
   * - `invalid`: a row of the database is damaged, or was written by other code or by another version. It is deleted, and
   *   its message settles as `unknown`; the others are stored as before. The message of `cause` names the row.
   */
  readonly what: 'unavailable' | 'failed' | 'quota' | 'invalid'
  readonly cause: unknown
  /** Where messages are stored from now on. */
  readonly durability: 'disk' | 'memory'
}
