export { type SessionVariables, session } from './session.ts'
