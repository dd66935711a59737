/** What a writing process is asked to do, and what it answers. `nobody`: the cookie opened no session. */
export interface Requests {
  open(): Promise<string>
  /** The cookie. */
  login(user: string): Promise<string>
  /** Adds a number to the list in the session; two at once must both be there. */
  append(cookie: string, step: number): Promise<string>
  /** The list, as JSON. */
  read(cookie: string): Promise<string>
  logout(cookie: string): Promise<string>
}

export type RequestName = keyof Requests

export interface RequestMessage {
  readonly id: number
  readonly name: RequestName
  readonly args: readonly (string | number)[]
}

/** Messages come from the parent alone, which sends nothing else. */
export function readRequest(message: unknown): RequestMessage {
  return message as RequestMessage
}

export interface AnswerMessage {
  readonly id: number
  readonly value?: string
  readonly error?: string
}

/** Messages come from the writing processes alone, which send nothing else. */
export function readAnswer(message: unknown): AnswerMessage {
  return message as AnswerMessage
}
