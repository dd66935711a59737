/** What a process does for its parent, by name. Arguments and results are JSON. */
export type Commands = Readonly<Record<string, (...args: never[]) => unknown>>

export interface Call {
  readonly id: number
  readonly name: string
  readonly args: readonly unknown[]
}

export interface Reply {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
  readonly code?: string
}

/**
 * Answers the calls of the parent (`startProcess`) until it says stop, and tells it that the process is ready.
 *
 * @param close runs at the stop; then nothing may keep the process alive
 */
export function answerCalls(commands: Commands, close: () => Promise<void> = async () => undefined): void {
  let isStopping = false
  // The parent sends nothing else.
  process.on('message', async (message: Call | 'stop') => {
    if (message !== 'stop') {
      const reply = await answer(commands, message)
      if (process.connected) process.send?.(reply)
      return
    }
    isStopping = true
    await close()
    process.disconnect()
  })
  // A parent that was killed leaves no process behind.
  process.on('disconnect', () => {
    if (!isStopping) process.exit(1)
  })
  process.send?.('ready')
}

async function answer(commands: Commands, { id, name, args }: Call): Promise<Reply> {
  try {
    const command = commands[name]
    if (command === undefined) throw new Error(`no command is named ${name}`)
    return { id, value: await Reflect.apply(command, commands, args) }
  } catch (error) {
    const code: unknown = Reflect.get(Object(error), 'code')
    const cause: unknown = Reflect.get(Object(error), 'cause')
    const description = cause === undefined ? String(error) : `${String(error)}: ${String(cause)}`
    return { id, error: description, ...(typeof code === 'string' && { code }) }
  }
}
