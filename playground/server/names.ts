import { limits, type Person } from '../contract.ts'

/** Puts a name on one line and removes invisible and direction-changing characters. */
export function cleanName(text: string): string {
  const visible = (part: string): string => part.replaceAll(/[\p{C}\s]+/gu, ' ').trim()
  return visible(visible(text.normalize('NFKC')).slice(0, limits.name)) || 'Guest'
}

/** Returns the name, with a number appended if another participant has it already. */
export function freeName(wanted: string, others: readonly Pick<Person, 'name'>[]): string {
  const taken = new Set(others.map(({ name }) => name.toLowerCase()))
  let name = wanted
  for (let count = 2; taken.has(name.toLowerCase()); count++) name = `${wanted} ${count}`
  return name
}
