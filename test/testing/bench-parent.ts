// What `bench-processes.test.ts` ends in all ways: a bench that has started one process, and waits for it.
import { launch, roleOf, tell } from '../bench/child.ts'

if (roleOf()?.[0] === 'child') {
  tell(process.pid)
  setInterval(() => {}, 1_000)
} else {
  const child = await launch<number>(import.meta.filename, 'child')
  process.once('message', () => {
    throw new Error('as it was told')
  })
  tell(child.first)
}
