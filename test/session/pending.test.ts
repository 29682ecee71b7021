import { pending } from 'holdfast'
import { expect, test } from 'vitest'
import { outcomes, startPair } from './pair.ts'

const soon = { backoff: { minDelay: 1, baseDelay: 5, maxDelay: 20 } }

test('messages are pending from the call until the server acknowledges them, across connections', async () => {
  await using pair = await startPair()
  const client = pair.client(soon)
  const shown = (): string[] => pending(client).state.map(({ name, status }) => `${name} ${status}`)
  const lists: string[][] = []
  pending(client).subscribe(() => lists.push(shown()))
  const early = client.send('early')
  expect(shown()).toEqual(['early queued'])
  await client.connect()
  await early
  expect(shown()).toEqual([])

  pair.proxy.freeze('toServer')
  const written = client.send('written')
  await expect.poll(shown).toEqual(['written written'])
  await pair.proxy.refuse()
  pair.proxy.reset()
  await expect.poll(() => client.state.status).not.toBe('open')
  const late = client.send('late')
  expect(shown()).toEqual(['written written', 'late queued'])
  expect(pending(client).state.map(({ delivery }) => delivery)).toEqual([written, late])
  pair.proxy.heal()
  await pair.proxy.accept()
  expect(await outcomes([written, late])).toEqual(['delivered', 'delivered'])
  await expect.poll(shown).toEqual([])
  expect(lists.at(-1)).toEqual([])
})
