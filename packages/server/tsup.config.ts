import { defineConfig } from 'tsup'

// The protocol is bundled from its sources; `ws` stays a dependency.
const bundled = ['@holdfast/protocol']

export default defineConfig({
  entry: ['src/index.ts'],
  format: ['esm', 'cjs'],
  dts: { resolve: bundled },
  noExternal: bundled,
  splitting: true,
  sourcemap: true,
  clean: true,
  platform: 'node',
  removeNodeProtocol: false,
  target: 'es2022',
  esbuildOptions: (options) => {
    options.conditions = ['@holdfast/source']
  },
})
