import type { Session } from '@kvsession/core'
import type { ShopData } from './sessions.ts'
import type { User } from './users.ts'

/** The data for a page. */
export interface View {
  readonly session: Session<ShopData>
  readonly user: User | undefined
  readonly messages: readonly string[]
  /** For the forms of a logged-in user. */
  readonly csrf: string | undefined
  readonly cookieName: string
  readonly path: string
}
