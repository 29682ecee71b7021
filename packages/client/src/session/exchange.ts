import { bodyBytes, createAnswers, createRequests, encodeBody, misuse } from '@holdfast/protocol'
import type { Answerer, Body, Frame, Line, Meta } from '@holdfast/protocol'
import { newAbort } from '../connection/ports.ts'
import type { BoundWire, WireHost } from '../wire.ts'
import { encode } from './encode.ts'

/** Requests in both directions, and what is sent for them besides events: answers, and word that none is waited for. */
export interface Exchange {
  readonly request: BoundWire['request']
  readonly handle: BoundWire['handle']
  /** Hands on what came in. */
  deliver(frame: Frame): void
  /** Whether nothing is asked, being answered or to be written. */
  isSettled(): boolean
  /** Writes what is owed, as far as it goes. False if nothing was. */
  write(line: Line | undefined): boolean
  /** The session ended: there will be no answers, in neither direction. */
  lost(): void
  dispose(): void
}

/** `due` is called at the end of a turn in which something came to be owed. */
export function createExchange(
  host: WireHost,
  violate: (code: number, why: string) => void,
  maxSendBytes: () => number,
  due: () => void,
): Exchange {
  const answerers = new Map<string, Answerer>()
  /** What belongs to the session and waits to be written. */
  let owed: Body[] = []
  let isDue = false

  /** Sends what is no event at the end of the turn, after the events of the turn. */
  const post = (body: Body): void => {
    owed.push(body)
    if (isDue) return
    isDue = true
    void Promise.resolve().then(() => {
      isDue = false
      due()
    })
  }

  /** @throws {HoldfastError} `misuse` for an answer that is larger than the server takes */
  const reply = (data: unknown, meta: Meta): void => {
    const body = encode(null, data, meta)
    if (bodyBytes(body) <= maxSendBytes()) return post(body)
    if (meta.error === undefined) throw misuse('the answer is larger than the server takes')
    post(encodeBody(null, null, { ...meta, error: 'too-large', message: 'the error is too large' }))
  }

  const requests = createRequests(host.clock, (id) => post(encodeBody(null, null, { off: id })))
  const answers = createAnswers({ find: (name) => answerers.get(name), reply, newAbort, report: host.report })

  const deliver = ([seq, , name, data, meta]: Frame): void => {
    const value = meta?.absent ? undefined : data
    if (typeof name === 'string') {
      if (meta?.id === undefined) host.event(name, value)
      else if (seq === 0) violate(4400, 'a volatile request')
      else answers.request(meta.id, name, value)
    } else if (meta?.re !== undefined) {
      const { re, error: reason, message = '' } = meta
      if (reason === undefined) requests.answer(re, value)
      else requests.refuse(re, message, { reason, data: value })
    } else if (meta?.off !== undefined) answers.off(meta.off)
    else if (meta?.raw && (typeof value === 'string' || value instanceof Uint8Array)) host.raw(value)
    else violate(4400, 'a frame of no kind')
  }

  return {
    deliver,
    request: requests.open,
    handle(name, answerer) {
      if (typeof answerer !== 'function') throw misuse('a handler must be a function')
      if (answerers.has(name)) throw misuse(`'${name}' has a handler`)
      const between = host.contract?.toClient.request(name)
      answerers.set(name, between ? between(answerer, host.invalid) : answerer)
      let isOn = true
      return () => {
        if (isOn) answerers.delete(name)
        isOn = false
      }
    },
    isSettled: () => owed.length === 0 && requests.unanswered === 0 && answers.size === 0,
    write(line) {
      if (owed.length === 0) return false
      let count = 0
      for (const body of owed) {
        const bytes = bodyBytes(body)
        if (!line?.isWritable(bytes)) break
        count++
        line.write({ body, bytes, volatile: false, own: true, settle() {} })
      }
      owed.splice(0, count)
      line?.flushed?.()
      return true
    },
    lost() {
      owed = []
      requests.lost()
      answers.lost()
    },
    dispose() {
      requests.dispose()
      answerers.clear()
    },
  }
}
