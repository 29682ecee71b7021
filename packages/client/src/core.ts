export type { Client } from './client.ts'
export { createClient } from './create-client.ts'
export type { CoreOptions } from './create-client.ts'
