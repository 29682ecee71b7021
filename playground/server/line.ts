import { Duplex } from 'node:stream'

/** A connection of a peer as the server sees it, with simulated faults on the way to the real one. */
export interface Line {
  /** The stream that the server reads and writes. */
  readonly stream: Duplex
  /** Stops reading and writing, without notifying either end. */
  blackHole(): void
  /** Delays inbound and outbound data by that many milliseconds. */
  delay(milliseconds: number): void
  /** Sends additional bytes to the peer, between two frames of the server. Resolves when there is room for more. */
  inject(bytes: Buffer): Promise<void>
  /** Like `inject`, and nothing else of the server follows. */
  injectLast(bytes: Buffer): Promise<void>
}

/** How many bytes may be held back in a direction before the sender has to wait. */
const capacity = 65_536

export function createLine(socket: Duplex): Line {
  const inbound = createDelay()
  const outbound = createDelay()
  let state: 'whole' | 'swallows' | 'ended' = 'whole'
  let pause = 0

  const write = (bytes: Buffer, done: () => void): void => {
    if (state !== 'whole') return done()
    const isFull = outbound.size + socket.writableLength > capacity
    if (!isFull) done()
    outbound.add(pause, bytes.length, () => {
      if (socket.writable) socket.write(bytes, isFull ? () => done() : undefined)
      else if (isFull) done()
    })
  }

  const stream = new Duplex({
    read: () => void (state === 'swallows' || socket.resume()),
    write: (bytes: Buffer, _, done) => write(bytes, done),
    // A frame is written in two parts, which would be two packets.
    writev: (parts, done) => write(Buffer.concat(parts.map(({ chunk }) => chunk as Buffer)), done),
    final(done) {
      if (state === 'swallows') return done()
      outbound.add(pause, 0, () => socket.end(() => done()))
    },
    destroy(error, done) {
      inbound.clear()
      outbound.clear()
      socket.destroy()
      done(error)
    },
  })

  socket.on('data', (bytes: Buffer) => {
    inbound.add(pause, bytes.length, () => void (stream.push(bytes) || socket.pause()))
    if (inbound.size > capacity) socket.pause()
  })
  socket.on('end', () => inbound.add(pause, 0, () => void stream.push(null)))
  socket.on('error', () => {}) // 'close' follows
  socket.on('close', () => stream.destroy())

  const inject = (bytes: Buffer): Promise<void> => new Promise((resolve) => write(bytes, resolve))

  return {
    stream,
    inject,
    blackHole() {
      state = 'swallows'
      inbound.clear()
      outbound.clear()
      socket.pause()
    },
    delay(milliseconds) {
      pause = milliseconds
    },
    injectLast(bytes) {
      const injected = inject(bytes)
      if (state === 'whole') state = 'ended'
      return injected
    },
  }
}

interface Delay {
  /** The number of held-back bytes. */
  readonly size: number
  /** Calls back after the time, and never before what was added earlier. */
  add(milliseconds: number, bytes: number, release: () => void): void
  clear(): void
}

function createDelay(): Delay {
  const held: { readonly at: number; readonly bytes: number; readonly release: () => void }[] = []
  let size = 0
  let timer: NodeJS.Timeout | undefined

  const release = (): void => {
    timer = undefined
    for (let next = held[0]; next && next.at <= performance.now(); next = held[0]) {
      held.shift()
      size -= next.bytes
      next.release()
    }
    arm()
  }
  const arm = (): void => {
    if (held[0]) timer ??= setTimeout(release, Math.ceil(held[0].at - performance.now()))
  }

  return {
    get size() {
      return size
    },
    add(milliseconds, bytes, callback) {
      if (milliseconds === 0 && held.length === 0) return callback()
      held.push({ at: performance.now() + milliseconds, bytes, release: callback })
      size += bytes
      arm()
    },
    clear() {
      clearTimeout(timer)
      timer = undefined
      held.length = 0
      size = 0
    },
  }
}
