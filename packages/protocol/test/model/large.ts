// Walks through the large worlds of the model of a session.
import { createModel } from './model.ts'
import { walk } from './walk.ts'
import { largeWorlds } from './worlds.ts'

walk(largeWorlds, createModel, process.argv.slice(2))
