/** Splits off the optional client in front of the other arguments. */
export function withClient<Client, Rest extends readonly unknown[]>(
  args: readonly unknown[],
): [client: Client | undefined, ...rest: Rest] {
  const isClient = typeof args[0] === 'object'
  return (isClient ? args : [undefined, ...args]) as [Client | undefined, ...Rest]
}
