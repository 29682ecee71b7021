import { defineConfig, type Options } from 'tsup'

// The protocol is bundled from its sources, its types too; `ws` stays a dependency, and `prom-client` an optional one.
const shared: Options = {
  format: ['esm', 'cjs'],
  noExternal: ['@holdfast/protocol'],
  esbuildOptions: (options) => {
    options.conditions = ['@holdfast/source']
  },
}
const compilerOptions = { paths: { '@holdfast/protocol': ['../protocol/src/index.ts'] } }

export default defineConfig([
  {
    ...shared,
    entry: { index: 'src/index.ts', metrics: 'src/metrics/index.ts' },
    dts: { entry: 'src/index.ts', compilerOptions },
    splitting: true,
    sourcemap: true,
    clean: ['!metrics.d.*'],
    platform: 'node',
    removeNodeProtocol: false,
    target: 'es2022',
  },
  // By themselves, so that what is declared stands in one file for each entry.
  { ...shared, entry: { metrics: 'src/metrics/index.ts' }, dts: { only: true, compilerOptions } },
])
