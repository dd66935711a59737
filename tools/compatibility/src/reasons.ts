import type { Run } from './compare.ts'

/** Why a run differs from the peer's, by middleware and scenario. A run without a reason must not differ. */
const reasons: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'req.session': {
    'gives a visitor who stores nothing no cookie':
      '`req.session.cookie` is not enumerable here: `Object.keys` and `for…in` list only the data.',
    'regenerates: a new empty session, another id, the old object readable':
      '`req.session.cookie` is not enumerable here: `Object.keys` and `for…in` list only the data.',
    'destroys, with a callback': 'Destroying a session also deletes its cookie.',
    '= null ends it for the request':
      "`= null` destroys the session. express-session's default `unset: 'keep'` leaves the record, so that the visitor is not logged out."
  },
  'connect-flash': {
    'takes an Error as a message':
      "express-session stores an Error as `{}`. Here it is refused, with the path, unless `serializer: 'json-lossy'` is set."
  },
  'express-validator': {
    'keeps a whole result':
      "express-session loses the functions of the result. Here it is refused, with the path, unless `serializer: 'json-lossy'` is set; `errors.array()` needs neither."
  },
  '@nestjs/platform-express': {
    'logs out by @Session()': 'Destroying a session also deletes its cookie.'
  },
  'ctx.session': {
    'gives a visitor who stores nothing no cookie':
      "`maxAge` is `'session'` where none is set. koa-session shows `undefined`, and stores records for one day.",
    'saves and regenerates, with callbacks and promises':
      'A request with a token that was just replaced gets an empty session that stores nothing and sets no cookie: it may be a late request of the same browser.',
    'ends with maxAge = 0': 'koa-session takes 0 for one day.'
  },
  'c.var.session': {
    'gives a visitor who stores nothing no cookie': 'hono-sessions stores a record for every visitor.',
    'gives a login a new token':
      'A request with a token that was just replaced gets an empty session that stores nothing and sets no cookie: it may be a late request of the same browser.',
    'ends the session': 'Destroying a session also deletes its cookie.'
  }
}

export function reasonOf({ middleware, does }: Pick<Run, 'middleware' | 'does'>): string | undefined {
  return reasons[middleware]?.[does]
}

/** Every run with a reason to differ. */
export const explained: readonly Pick<Run, 'middleware' | 'does'>[] = Object.entries(reasons).flatMap(
  ([middleware, scenarios]) => Object.keys(scenarios).map((does) => ({ middleware, does }))
)
