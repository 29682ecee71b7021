import { defineConfig, type Options } from 'tsup'

// The protocol is bundled from its sources, its types too: no package waits for another one's build.
const bundled = ['@holdfast/protocol', 'mitt']
const shared: Options = {
  sourcemap: true,
  noExternal: bundled,
  esbuildOptions: (options) => {
    options.conditions = ['@holdfast/source']
  },
}

export default defineConfig([
  {
    ...shared,
    entry: { index: 'src/index.ts', store: 'src/store/index.ts' },
    format: ['esm', 'cjs'],
    dts: { compilerOptions: { paths: { '@holdfast/protocol': ['../protocol/src/index.ts'] } } },
    splitting: true,
    clean: ['!holdfast.global.*'],
    platform: 'neutral',
    target: 'es2022',
  },
  {
    ...shared,
    entry: { holdfast: 'src/index.ts' },
    format: 'iife',
    globalName: 'Holdfast',
    minify: true,
    platform: 'browser',
    target: 'es2020',
  },
])
