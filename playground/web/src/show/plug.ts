import { find, part, setText } from '../dom.ts'
import { noteInUrl } from '../scenario.ts'

/** The plug between the phones. */
export interface Plug {
  readonly isPulled: boolean
  pull(): Promise<void>
  plugIn(): void
}

/** The server destroys the connections of these pages, and takes no new ones until the plug is back in. */
export function createPlug(
  pages: readonly string[],
  on: { pulled(): void; pluggedIn(): Promise<void> },
): Plug {
  const button = find('plug', HTMLButtonElement)
  const label = part(button, '.plug-label', HTMLElement)
  const link = find('route', HTMLElement)
  let isPulled = false

  const show = (pulled: boolean): void => {
    isPulled = pulled
    link.classList.toggle('is-pulled', pulled)
    setText(label, pulled ? 'Plug it back in' : 'Pull the plug')
  }
  const ask = async (how: 'plug' | 'unplug'): Promise<boolean> => {
    const answers = await Promise.all(
      pages.map((page) => fetch(`/${how}?page=${page}`, { method: 'POST' }).catch(() => undefined)),
    )
    return answers.some((answer) => answer?.ok)
  }

  const plug: Plug = {
    get isPulled() {
      return isPulled
    },
    async pull() {
      if (isPulled || !(await ask('unplug'))) return
      show(true)
      on.pulled()
    },
    plugIn() {
      if (!isPulled) return
      show(false)
      void ask('plug').then(on.pluggedIn)
    },
  }
  button.addEventListener('click', () => {
    if (isPulled) plug.plugIn()
    else {
      noteInUrl({ break: 'plug', code: undefined })
      void plug.pull()
    }
  })
  return plug
}
