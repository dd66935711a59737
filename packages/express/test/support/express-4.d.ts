// The alias has no types. The parts of Express 4 that the tests use are the same in 5.
declare module 'express-4' {
  export { default } from 'express'
}
