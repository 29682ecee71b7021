declare module '*.svelte' {
  import type { Component } from 'svelte'

  const component: Component<Record<string, unknown>>
  export default component
}

/** What compiled components import. */
declare module 'svelte/internal/server'
