import { limits, type Person } from '../contract.ts'

/** A name on one line, without characters that cannot be seen or that turn the text around. */
export function cleanName(text: string): string {
  const visible = (part: string): string => part.replaceAll(/[\p{C}\s]+/gu, ' ').trim()
  return visible(visible(text.normalize('NFKC')).slice(0, limits.name)) || 'Guest'
}

/** The name itself, or with a number behind it if somebody has it already. */
export function freeName(wanted: string, others: readonly Person[]): string {
  const taken = new Set(others.map(({ name }) => name.toLowerCase()))
  let name = wanted
  for (let count = 2; taken.has(name.toLowerCase()); count++) name = `${wanted} ${count}`
  return name
}
