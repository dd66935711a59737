import { connect, type Socket } from 'node:net'

export interface Answer {
  readonly status: number
  /** Names in lower case, in the order of the response. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

/** One connection. Requests are written byte for byte, without waiting for answers. */
export interface Pipeline {
  /** The answers to requests, in order; fewer when the server closes the connection instead. */
  send(requests: readonly string[]): Promise<readonly Answer[]>
  close(): void
}

/** @param answerTimeout milliseconds without an answer after which `send` rejects */
export async function openPipeline(port: number, answerTimeout: number): Promise<Pipeline> {
  const socket = connect(port, '127.0.0.1')
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  socket.setNoDelay(true)
  return { send: (requests) => exchange(socket, requests, answerTimeout), close: () => socket.destroy() }
}

function exchange(socket: Socket, requests: readonly string[], answerTimeout: number): Promise<readonly Answer[]> {
  return new Promise((resolve, reject) => {
    const answers: Answer[] = []
    let received = ''
    const timer = setTimeout(() => done(new Error(`no answer in ${answerTimeout} ms`)), answerTimeout)

    function done(error?: Error): void {
      clearTimeout(timer)
      socket.off('data', onData).off('close', onClose).off('error', onClose)
      if (error) reject(error)
      else resolve(answers)
    }

    function onData(chunk: Buffer): void {
      received += chunk.toString('latin1')
      try {
        for (let next = parse(received); next; next = parse(received)) {
          answers.push(next.answer)
          received = received.slice(next.length)
        }
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)))
        return
      }
      if (answers.length >= requests.length) done()
    }

    function onClose(): void {
      done()
    }

    socket.on('data', onData).on('close', onClose).on('error', onClose)
    socket.write(requests.join(''), 'latin1')
  })
}

/** The first complete response, and its length. */
function parse(received: string): { readonly answer: Answer; readonly length: number } | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [start = '', ...lines] = received.slice(0, end).split('\r\n')
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(start)?.[1]
  if (status === undefined) throw new Error(`no response starts like this: ${JSON.stringify(start.slice(0, 100))}`)
  const headers = lines.map((line): readonly [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  const value = (name: string): string | undefined => headers.find(([one]) => one === name)?.[1]
  const length = Number(value('content-length') ?? 0)
  if (value('transfer-encoding') !== undefined) return parseChunks(received, end + 4, Number(status), headers)
  if (received.length < end + 4 + length) return undefined
  const body = received.slice(end + 4, end + 4 + length)
  return { answer: { status: Number(status), headers, body }, length: end + 4 + length }
}

function parseChunks(
  received: string,
  start: number,
  status: number,
  headers: Answer['headers']
): { readonly answer: Answer; readonly length: number } | undefined {
  let body = ''
  let at = start
  for (;;) {
    const line = received.indexOf('\r\n', at)
    if (line === -1) return undefined
    const size = Number.parseInt(received.slice(at, line), 16)
    const next = line + 2 + size + 2
    if (received.length < next) return undefined
    if (size === 0) return { answer: { status, headers, body }, length: next }
    body += received.slice(line + 2, line + 2 + size)
    at = next
  }
}
