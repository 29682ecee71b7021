import { limits } from '../../contract.ts'
import type { ChatClient } from './client.ts'
import { part } from './dom.ts'

const typingInterval = 2_000

/** Sends the messages of the user, at any time: without a connection they wait. */
export function createComposer(
  form: HTMLFormElement,
  client: ChatClient,
  say: (message: string) => void,
): { focus(): void } {
  const input = part(form, 'input', HTMLInputElement)
  input.maxLength = limits.message
  let noticeAt = -typingInterval

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const message = input.value.trim()
    input.value = ''
    noticeAt = -typingInterval
    if (message !== '') say(message)
  })

  input.addEventListener('input', (event) => {
    if (input.value === '' || event.timeStamp - noticeAt < typingInterval) return
    noticeAt = event.timeStamp
    // A late typing event would be wrong.
    client.send('typing', undefined, { volatile: true })
  })

  return { focus: () => input.focus() }
}
