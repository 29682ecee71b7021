import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/index.ts'],
  format: ['esm'],
  // Bundled from its sources, its types too.
  noExternal: ['@holdfast/bindings'],
  esbuildOptions: (options) => {
    options.conditions = ['@holdfast/source']
  },
  dts: { compilerOptions: { paths: { '@holdfast/bindings': ['../bindings/src/index.ts'] } } },
  sourcemap: true,
  clean: true,
  platform: 'neutral',
  target: 'es2022',
})
