import { defineConfig, type Options } from 'tsup'

// The protocol is bundled from its sources, its types too: no package waits for another one's build.
const bundled = ['@holdfast/protocol', 'mitt']
const shared: Options = {
  sourcemap: true,
  noExternal: bundled,
  esbuildOptions: (options) => {
    options.conditions = ['@holdfast/source']
    // Inlines the constants of other modules, which the bundlers of applications cannot do any more.
    options.minifySyntax = true
    // What the entries share: there is one of it.
    options.chunkNames = 'shared-[hash]'
  },
}

/** For the script tag. */
const script = (): Options => ({
  format: 'iife',
  // Its names for variables compress better than those of esbuild: by 4 %.
  minify: 'terser',
  // Of each build alone: terser changes the options that it gets.
  terserOptions: { ecma: 2020, compress: { passes: 2 }, sourceMap: {} },
  platform: 'browser',
  target: 'es2022',
})

const compilerOptions = { paths: { '@holdfast/protocol': ['../protocol/src/index.ts'] } }

export default defineConfig([
  {
    ...shared,
    entry: {
      index: 'src/index.ts',
      core: 'src/core.ts',
      socket: 'src/socket/index.ts',
      store: 'src/store/index.ts',
    },
    format: ['esm', 'cjs'],
    dts: { entry: 'src/index.ts', compilerOptions },
    splitting: true,
    clean: ['!*.global.*', '!core.d.*', '!socket.d.*', '!store.d.*'],
    platform: 'neutral',
    target: 'es2022',
  },
  // By themselves, so that what is declared stands in one file for each entry.
  {
    ...shared,
    entry: { store: 'src/store/index.ts' },
    format: ['esm', 'cjs'],
    dts: { only: true, compilerOptions },
  },
  {
    ...shared,
    entry: { socket: 'src/socket/index.ts' },
    format: ['esm', 'cjs'],
    dts: { only: true, compilerOptions },
  },
  {
    ...shared,
    entry: { core: 'src/core.ts' },
    format: ['esm', 'cjs'],
    dts: { only: true, compilerOptions },
  },
  { ...shared, ...script(), entry: { holdfast: 'src/index.ts' }, globalName: 'Holdfast' },
  { ...shared, ...script(), entry: { socket: 'src/socket/script-tag.ts' } },
])
