import { pageSituations } from './page.ts'
import { pathSituations } from './path.ts'
import type { Situation } from './situation.ts'

export const situations: readonly Situation[] = [...pathSituations, ...pageSituations]
