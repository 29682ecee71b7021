/**
 * Calls back at the end of the turn, two microtasks from now: an `await` on a delivery calls `then` in the first of them, and the
 * outbox has to know which deliveries are awaited when it writes.
 */
export function atTurnEnd(callback: () => void): void {
  void Promise.resolve().then().then(callback)
}
