export type { Register, RegisteredContract } from './types.ts'
