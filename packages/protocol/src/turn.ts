/**
 * Calls back at the end of the turn. One step later than the next: `await` asks for a delivery in a step of its own, and what is
 * written should know whether it is awaited.
 */
export function atTurnEnd(callback: () => void): void {
  void Promise.resolve().then().then(callback)
}
