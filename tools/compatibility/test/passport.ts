import { load } from './load.ts'

export type Verified = (error: unknown, user: unknown, info?: object) => void

/** What the scenarios use of passport and koa-passport. */
export interface Passport<Handler> {
  use(strategy: unknown): void
  initialize(): Handler
  session(): Handler
  authenticate(name: string, options?: object): Handler
  serializeUser(serialize: (user: { readonly name: string }, done: Verified) => void): void
  deserializeUser(deserialize: (name: string, done: Verified) => void): void
}

export interface Strategies {
  readonly Strategy: new (...args: readonly unknown[]) => unknown
}

/** With a strategy that accepts every name with the password `right`; the user `deleted` cannot be loaded again. */
export function createPassport<Handler>(Constructor: new () => Passport<Handler>): Passport<Handler> {
  const passport = new Constructor()
  const { Strategy } = load<Strategies>('passport-local')
  const verify = (name: string, password: string, done: Verified): void =>
    done(null, password === 'right' ? { name } : false, { message: 'wrong password' })
  passport.use(new Strategy(verify))
  passport.serializeUser((user, done) => done(null, user.name))
  passport.deserializeUser((name, done) => done(null, name === 'deleted' ? false : { name }))
  return passport
}
