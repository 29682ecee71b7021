import { once } from 'node:events'
import { WebSocket, type ClientOptions } from 'ws'

export type Frame = Readonly<Record<string, unknown>> & { readonly type: string }

/** A peer on a real socket that gives the test direct access to the frames. */
export interface Peer {
  readonly socket: WebSocket
  /** The next frame that has not been taken yet. */
  next(): Promise<Frame>
  /** Sends an object as JSON, and anything else as it is. */
  say(...frames: readonly (object | string | Buffer)[]): void
  /** The chat messages that have not been taken yet, up to this one. */
  heardUpTo(message: string): Promise<string[]>
  /** Shows that nothing else came in: the next frame is the answer to a ping that is sent now. */
  nextIsNothing(): Promise<boolean>
  /** The close code, once the socket has closed. */
  readonly closed: Promise<number>
}

/** @throws when the server does not take the socket */
export async function dial(url: string, options: ClientOptions = {}): Promise<Peer> {
  const socket = new WebSocket(url, options)
  const frames: Frame[] = []
  const takers: ((frame: Frame) => void)[] = []
  socket.on('message', (data: Buffer) => {
    const frame = JSON.parse(data.toString()) as Frame
    const take = takers.shift()
    if (take) take(frame)
    else frames.push(frame)
  })
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  await once(socket, 'open')
  socket.on('error', () => {}) // `closed` tells.

  const next = (): Promise<Frame> => {
    const frame = frames.shift()
    return frame ? Promise.resolve(frame) : new Promise((resolve) => takers.push(resolve))
  }
  const say = (...said: readonly (object | string | Buffer)[]): void => {
    for (const frame of said)
      socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame))
  }
  return {
    socket,
    next,
    say,
    closed,
    async heardUpTo(message) {
      const heard: string[] = []
      while (heard.at(-1) !== message) {
        const frame = await next()
        if (frame.type === 'chat') heard.push(String(frame['message']))
      }
      return heard
    },
    async nextIsNothing() {
      say({ type: 'ping' })
      return (await next()).type === 'pong'
    },
  }
}

/** Dials and joins; the welcome is taken. */
export async function join(url: string, name: string, options?: ClientOptions): Promise<Peer> {
  const peer = await dial(url, options)
  peer.say({ type: 'join', name })
  await peer.next()
  return peer
}
