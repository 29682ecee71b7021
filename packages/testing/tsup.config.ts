import { defineConfig } from 'tsup'

// The protocol is bundled from its sources, its types too. Of the client and the server, only types are used.
const bundled = ['@holdfast/protocol']

export default defineConfig({
  entry: { index: 'src/index.ts', proxy: 'src/proxy/index.ts' },
  format: ['esm', 'cjs'],
  dts: { compilerOptions: { paths: { '@holdfast/protocol': ['../protocol/src/index.ts'] } } },
  noExternal: bundled,
  splitting: true,
  sourcemap: true,
  clean: true,
  platform: 'neutral',
  external: [/^node:/],
  removeNodeProtocol: false,
  target: 'es2022',
  esbuildOptions: (options) => {
    options.conditions = ['@holdfast/source']
  },
})
