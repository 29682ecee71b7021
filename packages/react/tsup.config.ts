import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/index.ts'],
  format: ['esm', 'cjs'],
  dts: true,
  sourcemap: true,
  clean: true,
  // Would put helpers in front of 'use client' in the CommonJS build.
  splitting: false,
  platform: 'neutral',
  target: 'es2022',
})
