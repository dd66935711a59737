import { once } from 'node:events'
import { connect } from 'node:net'

/**
 * Sends one command on a connection of its own and returns the answer: a string, or several joined by newlines. It is
 * independent of the driver under test. `target` is a loopback port, or a unix socket.
 *
 * @throws Error with the server's error reply
 */
export async function sendRedisCommand(
  target: number | string,
  ...args: readonly (string | number)[]
): Promise<string> {
  const socket = typeof target === 'number' ? connect(target, '127.0.0.1') : connect(target)
  try {
    await once(socket, 'connect')
    const words = args.map(String)
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`)
    socket.write(`*${words.length}\r\n${parts.join('')}`)
    let answer = ''
    for await (const chunk of socket) {
      answer += Buffer.from(chunk).toString('latin1')
      const reply = readReply(answer, 0)
      if (reply === undefined) continue
      const value = Buffer.from(reply.value, 'latin1').toString('utf8')
      if (answer.startsWith('-')) throw new Error(value)
      return value
    }
    throw new Error(`Redis closed the connection on ${words[0]}`)
  } finally {
    socket.destroy()
  }
}

interface Reply {
  readonly value: string
  readonly end: number
}

/** RESP2, https://redis.io/docs/latest/develop/reference/protocol-spec/; `undefined` while it is incomplete. */
function readReply(answer: string, start: number): Reply | undefined {
  const lineEnd = answer.indexOf('\r\n', start)
  if (lineEnd === -1) return undefined
  const line = answer.slice(start + 1, lineEnd)
  const afterLine = lineEnd + 2
  const kind = answer[start]
  if (kind !== '$' && kind !== '*') return { value: line, end: afterLine }
  const count = Number(line)
  if (count < 0) return { value: '', end: afterLine }
  if (kind === '$') {
    const end = afterLine + count
    return answer.length < end + 2 ? undefined : { value: answer.slice(afterLine, end), end: end + 2 }
  }
  const values: string[] = []
  let end = afterLine
  for (let index = 0; index < count; index++) {
    const item = readReply(answer, end)
    if (item === undefined) return undefined
    values.push(item.value)
    end = item.end
  }
  return { value: values.join('\n'), end }
}
