import { isHoldfastError } from 'holdfast'
import { limits } from '../../../contract.ts'
import { roomNames } from '../../../rooms-contract.ts'
import { find, make, quote, setText } from '../dom.ts'
import { enterRoom } from './room.ts'
import type { RoomsClient, RoomView } from './types.ts'

const mostEntries = 200
const typingLasts = 3_000

/** The chosen room: its members, its messages, and a notice for those that were missed. */
export function createRoomView(client: RoomsClient, name: () => string): void {
  const choice = find('room', HTMLSelectElement)
  const state = find('room-state', HTMLElement)
  const here = find('room-members', HTMLUListElement)
  const list = find('room-messages', HTMLOListElement)
  const input = find('room-message', HTMLInputElement)
  input.maxLength = limits.message
  for (const id of roomNames) choice.add(new Option(id))
  let typing: number | undefined

  const append = (entry: HTMLElement): void => {
    list.append(entry)
    if (list.childElementCount > mostEntries) list.firstElementChild?.remove()
    entry.scrollIntoView({ block: 'nearest' })
  }
  const view: RoomView = {
    message: ({ from, text }) => append(make('li', '', quote(from), ': ', quote(text))),
    notice: (text) => append(make('li', 'notice', text)),
    state: ({ status, reason }) => setText(state, reason === undefined ? status : `${status}: ${reason}`),
    members: (members) =>
      here.replaceChildren(
        // Other pages may have said anything.
        ...members.map(({ data }) => {
          const { name: of, isTyping } = Object(data) as Readonly<Record<string, unknown>>
          const text = typeof of === 'string' ? of.slice(0, limits.name) : 'Guest'
          return make('li', '', quote(text), isTyping === true ? ' is typing …' : '')
        }),
      ),
  }
  const enter = (): ReturnType<typeof enterRoom> => {
    const entered = enterRoom(client, choice.value, view)
    view.state(entered.state)
    return entered
  }
  const setTyping = (isTyping: boolean): void => {
    clearTimeout(typing)
    typing = isTyping ? window.setTimeout(() => setTyping(false), typingLasts) : undefined
    room.presence.set({ name: name(), isTyping })
  }

  let room = enter()
  const sayName = (): void => setTyping(typing !== undefined)
  client.watch('open', sayName)
  client.on('welcome', sayName)
  choice.addEventListener('change', () => {
    room.leave()
    list.replaceChildren()
    here.replaceChildren()
    room = enter()
    setTyping(false)
  })
  input.addEventListener('input', () => {
    if (typing === undefined && input.value !== '') setTyping(true)
  })
  find('room-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault()
    const text = input.value.trim()
    input.value = ''
    setTyping(false)
    if (text === '') return
    room.publish('message', { from: name(), text }).catch((error: unknown) => {
      const why = isHoldfastError(error) ? (error.reason ?? error.code) : String(error)
      view.notice(`Not published: ${why}`)
    })
  })
}
