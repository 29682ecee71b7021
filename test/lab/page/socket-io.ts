import { io } from 'socket.io-client'
import type { Socket } from 'socket.io-client'
import type { Down, Subject } from './lab.ts'

export function socketIo(): Subject {
  let socket: Socket
  return {
    connect(url, books) {
      socket = io(url.replace(/^ws/, 'http'))
      socket.on('connect', books.open)
      socket.on('disconnect', (reason) => books.down(reason))
      socket.on('connect_error', ({ message }) => books.down(message))
      socket.on('down', (message: Down) => books.received(message))
    },
    send: (message) => void socket.emit('up', message),
  }
}
