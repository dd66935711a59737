/** How the manager of a racing process differs from the defaults. */
export interface MemberOptions {
  readonly idleTimeout?: '8h'
  /** By how much its clock is ahead, in milliseconds. */
  readonly ahead?: number
}

/** What the parent asks a racing process to do, and what it gets for an answer. */
export interface Orders {
  login(user: string): Promise<string>
  /** Gives the cookie that was set, or nothing. */
  regenerate(cookie: string): Promise<string>
  /** A request that opens the session, takes its time and stores a key of its own. */
  write(cookie: string, key: string, wait: number): Promise<void>
  increment(cookie: string): Promise<void>
  logout(cookie: string): Promise<void>
  /** `user|data as JSON`; `nobody` when the cookie opens no session. */
  read(cookie: string): Promise<string>
  listed(user: string): Promise<string>
  revokeAll(user: string): Promise<void>
}

export type OrderName = keyof Orders

/** One order as a message, and its answer. */
export interface Order {
  readonly id: number
  readonly name: OrderName
  readonly args: readonly (string | number)[]
}

export interface Answer {
  readonly id: number
  readonly value?: string | undefined
  readonly code?: string | undefined
}
