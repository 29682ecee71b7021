import { defineConfig, type Options } from 'tsup'

// Workspace packages are bundled from their sources, so the published package has no dependency.
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
    entry: ['src/index.ts'],
    format: ['esm', 'cjs'],
    dts: { resolve: bundled },
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
