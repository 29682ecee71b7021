// Walks through the large worlds of the model of a session that moves.
import { walk } from '../model/walk.ts'
import { createModel } from './model.ts'
import { largeWorlds } from './worlds.ts'

walk(largeWorlds, createModel, process.argv.slice(2))
