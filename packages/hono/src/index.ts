export { type SessionOptions, type SessionVariables, session } from './session.ts'
