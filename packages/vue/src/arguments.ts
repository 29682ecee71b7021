/** Splits off the optional client in front of the other arguments. Refs and getters are no clients. */
export function withClient<Client, Rest extends readonly unknown[]>(
  args: readonly unknown[],
): [client: Client | undefined, ...rest: Rest] {
  const [first] = args
  const isClient = typeof first === 'object' && first !== null && 'subscribe' in first
  return (isClient ? args : [undefined, ...args]) as [Client | undefined, ...Rest]
}
