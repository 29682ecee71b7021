import type { Body, Line, Link, Outgoing, Session } from '@holdfast/protocol'

/** A connection that records the number and the content of each written message. */
export class RecordingLine implements Required<Pick<Line, keyof Link<Body>>> {
  readonly batchBytes = 16_384
  readonly #session: Session<Body>
  readonly #log: unknown[]

  constructor(session: Session<Body>, log: unknown[]) {
    this.#session = session
    this.#log = log
  }

  bufferedAmount(): number {
    return 0
  }

  isWritable(bytes: number): boolean {
    return this.#session.hasRoom(bytes)
  }

  write(message: Outgoing<Body>): boolean {
    this.#log.push([message.volatile ? 0 : this.#session.number(message), message.body])
    if (message.volatile) message.settle({ status: 'sent' })
    return true
  }

  flushed(): void {}
  ask(): void {}
}
