/** The one element of the page with that id, which is there because `index.html` says so. */
export function find<E extends Element>(id: string, type: new () => E): E {
  const element = document.getElementById(id)
  if (element instanceof type) return element
  throw new Error(`index.html has no ${type.name} #${id}`)
}

/** A new element. What others wrote becomes text in it, never markup. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  element.className = className
  element.append(...children)
  return element
}

/** Sets the text if it is new, since a live region reads out every change. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** Text that somebody chose, kept from turning around what stands beside it. */
export function quote(text: string): HTMLElement {
  return make('bdi', '', text)
}
