/** Turns the buttons of a tab list into tabs; each names its panel in `aria-controls`. */
export function createTabs(list: HTMLElement, selected: (panel: HTMLElement) => void): void {
  const tabs = [...list.querySelectorAll<HTMLButtonElement>('[role=tab]')]

  const select = (chosen: HTMLButtonElement): void => {
    for (const tab of tabs) {
      const isChosen = tab === chosen
      const panel = document.getElementById(tab.getAttribute('aria-controls') ?? '')
      tab.ariaSelected = String(isChosen)
      tab.tabIndex = isChosen ? 0 : -1
      if (!panel) continue
      panel.hidden = !isChosen
      if (isChosen) selected(panel)
    }
  }

  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener('click', () => select(tab))
    tab.addEventListener('keydown', (event) => {
      const targets: Readonly<Record<string, number>> = {
        ArrowLeft: index - 1,
        ArrowRight: index + 1,
        Home: 0,
        End: -1,
      }
      const target = targets[event.key]
      if (target === undefined) return
      event.preventDefault()
      const next = tabs.at(target % tabs.length)
      if (!next) return
      select(next)
      next.focus()
    })
  }
}
