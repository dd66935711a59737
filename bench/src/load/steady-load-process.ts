import { answerCalls } from 'stress/processes'
import { createSteadyLoad } from './steady-load.ts'

answerCalls(createSteadyLoad(), async () => process.exit())
