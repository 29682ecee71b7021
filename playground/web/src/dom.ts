/** Returns the element of the page with that id, which `index.html` guarantees. */
export function find<E extends Element>(id: string, type: new () => E): E {
  const element = document.getElementById(id)
  if (element instanceof type) return element
  throw new Error(`index.html has no ${type.name} #${id}`)
}

/** Returns the first element under a root that matches the selector, which its markup guarantees. */
export function part<E extends Element>(root: ParentNode, selector: string, type: new () => E): E {
  const element = root.querySelector(selector)
  if (element instanceof type) return element
  throw new Error(`No ${type.name} matches ${selector}`)
}

/** Creates an element. Foreign text becomes text in it, never markup. */
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

/** Sets the text if it has changed, because a live region reads out every change. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** Foreign text, isolated so that it cannot change the direction of the text around it. */
export function quote(text: string): HTMLElement {
  return make('bdi', '', text)
}
