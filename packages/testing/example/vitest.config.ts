import { defineConfig } from 'vitest/config'

// In this repository the packages are their sources. An application of your own needs no such line.
const conditions = ['@holdfast/source', 'module', 'node', 'development|production']

export default defineConfig({
  ssr: { resolve: { conditions } },
  // For the tests on real sockets, which take real time.
  test: { testTimeout: 60_000, expect: { poll: { timeout: 15_000 } } },
})
