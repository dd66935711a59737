export { answerCalls, type Commands } from './answer-calls.ts'
export { connectProcess, flagsOfAll, startProcess, type TestProcess } from './test-process.ts'
