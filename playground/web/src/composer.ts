import { limits } from '../../contract.ts'
import type { ChatClient } from './client.ts'
import { find } from './dom.ts'
import type { Log } from './log.ts'

const typingInterval = 2_000

/** Sends the messages of the user, at any time: without a connection they wait. */
export function createComposer(client: ChatClient, log: Log): { focus(): void } {
  const input = find('message', HTMLInputElement)
  input.maxLength = limits.message
  let noticeAt = -typingInterval

  find('composer', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault()
    const message = input.value.trim()
    input.value = ''
    noticeAt = -typingInterval
    if (message !== '') log.own(message, client.send('chat', { message }))
  })

  input.addEventListener('input', (event) => {
    if (input.value === '' || event.timeStamp - noticeAt < typingInterval) return
    noticeAt = event.timeStamp
    // A late typing event would be wrong.
    client.send('typing', undefined, { volatile: true })
  })

  return { focus: () => input.focus() }
}
