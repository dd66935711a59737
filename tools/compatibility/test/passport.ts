import { load } from './load.ts'

export type Verified = (error: unknown, user: unknown, info?: object) => void

/** The members of passport and koa-passport that the scenarios use. */
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

/** Its strategy accepts any name with the password `right`. The user `deleted` can log in, but cannot be loaded afterwards. */
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
