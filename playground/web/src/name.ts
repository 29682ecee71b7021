import { limits } from '../../contract.ts'
import { find } from './dom.ts'

const storageKey = 'holdfast-playground-name'

export interface NameDialog {
  /** Asks for a name; required on the first visit. */
  open(): void
}

/** The name that the user chose, on this visit or an earlier one. */
export function storedName(): string {
  try {
    return localStorage.getItem(storageKey) ?? ''
  } catch {
    return '' // Storage is blocked.
  }
}

export function createNameDialog(current: () => string, chosen: (name: string) => void): NameDialog {
  const dialog = find('name-dialog', HTMLDialogElement)
  const input = find('name', HTMLInputElement)
  input.maxLength = limits.name

  find('name-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault()
    const name = input.value.trim()
    if (name === '') return
    store(name)
    dialog.close()
    chosen(name)
  })
  dialog.addEventListener('cancel', (event) => {
    if (current() === '') event.preventDefault()
  })

  return {
    open() {
      input.value = current()
      dialog.showModal()
      input.select()
    },
  }
}

function store(name: string): void {
  try {
    localStorage.setItem(storageKey, name)
  } catch {
    // Storage is blocked: the name lasts as long as the page.
  }
}
