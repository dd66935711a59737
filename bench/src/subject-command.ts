import type { FrameworkName } from './applications.ts'
import type { Cell } from './cell.ts'
import type { PayloadSize } from './payload.ts'

/** What a subject's process is asked to do, one thing at a time. */
export type SubjectCommand =
  | { readonly type: 'load'; readonly framework: FrameworkName; readonly subject: string }
  /** Answers with the processor time of a request, in microseconds. */
  | { readonly type: 'batch'; readonly cell: Cell; readonly requests: number }
  /** Answers with pairs of a room and its share, by a profile of so many requests. */
  | { readonly type: 'profile'; readonly cell: Cell; readonly requests: number }
  /** Answers with `Cookie` headers of live sessions. */
  | { readonly type: 'cookies'; readonly size: PayloadSize }
  /** Answers with a port. */
  | { readonly type: 'serve' }
  /** Answers with `process.cpuUsage()`. */
  | { readonly type: 'cpu' }

/** The parent process sends nothing else. */
export function isCommand(message: object): message is SubjectCommand {
  return 'type' in message
}
