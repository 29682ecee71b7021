import { answer, interrupted, lateSend, violate } from './state.ts'
import type { Frame, State } from './state.ts'
import type { World } from './world.ts'

/** What the client does, by PROTOCOL.md. */
export function createClientRules({ up }: World) {
  /** The client gives its connection up for one to that node. */
  const dial = (state: State, node: number, isStranger: boolean): void => {
    const { client, connections } = state
    const n = ++client.n
    client.isOpen = false
    client.down = []
    if (isStranger) state.strangers |= 1 << n
    connections[n] = { node, isUp: true, up: [{ t: 'hi', rx: client.rx }] }
  }

  const write = ({ client, connections }: State, frame: Frame): void => {
    const connection = connections[client.n]!
    if (connection.isUp) connection.up.push(frame)
  }

  const send = (state: State): void => {
    const seq = ++state.client.sent
    write(state, { t: 'message', seq, id: seq })
  }

  const acknowledged = (state: State, rx: number): void => {
    const { client } = state
    if (rx > client.sent) violate(state, 'CURSOR: the node is ahead of the client')
    while (client.acked < rx) settleDelivered(state, ++client.acked)
  }

  const settleDelivered = (state: State, id: number): void => {
    if (!(state.handled & (1 << id)))
      violate(state, `LIE: ${id} is reported as delivered, and was not handled`)
  }

  /** The application receives a message. */
  const see = (state: State, id: number): void => {
    const { client } = state
    if (client.got & (1 << id)) violate(state, `DUPLICATE: the client gets ${id} twice`)
    client.got |= 1 << id
    const both = (1 << answer) | (1 << interrupted)
    if ((client.got & both) === both) violate(state, 'DUPLICATE: a request is answered twice')
    const { running, stamp, run } = state.broker
    if (id === answer && running >= 0 && stamp === run)
      violate(state, 'LISTED: a request is answered, and would be answered again for a node that died')
    if (id < answer) {
      if (id !== client.last + 1) violate(state, `LOST: ${id} comes after ${client.last}`)
      client.last = id
    } else if (id >= lateSend) {
      if (id < client.lastLate) violate(state, `REORDERED: ${id} comes after ${client.lastLate}`)
      client.lastLate = id
    }
  }

  /** The session is lost. Without a cursor, the outcome of what was not acknowledged is unknown. */
  const lost = (state: State, rx: number, isExcused: boolean): void => {
    const { client } = state
    client.isLost = true
    client.isOpen = false
    for (let id = client.acked + 1; id <= client.sent; id++)
      if (rx < 0) {
        if (!isExcused) violate(state, `NEEDLESS: ${id} is unknown, and no node has died`)
      } else if (id <= rx) settleDelivered(state, id)
      else {
        if (state.handled & (1 << id))
          violate(state, `LIE: ${id} is reported as undelivered, and was handled`)
        state.undelivered |= 1 << id
      }
  }

  const receive = (state: State, isExcused: boolean): void => {
    const { client } = state
    const frame = client.down.shift()!
    switch (frame.t) {
      case 'ok':
        if (state.strangers & (1 << client.n)) violate(state, 'IDENTITY: another identity has the session')
        if (frame.rx < client.acked) violate(state, 'CURSOR: the node went back')
        client.isOpen = true
        acknowledged(state, frame.rx)
        for (let seq = client.acked + 1; seq <= client.sent; seq++)
          write(state, { t: 'message', seq, id: seq })
        return
      case 'ack':
        return acknowledged(state, frame.rx)
      case 'message':
        if (frame.seq > client.rx + 1) violate(state, 'LOST: a message of a node is missing')
        if (frame.seq !== client.rx + 1) return
        client.rx++
        return see(state, frame.id)
      case 'lost':
        return lost(state, frame.rx, isExcused)
      case 'hi':
    }
  }

  const canSend = ({ client }: State): boolean => client.isOpen && client.sent < up

  return { dial, send, canSend, receive }
}
