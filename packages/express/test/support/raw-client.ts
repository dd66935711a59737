import { connect } from 'node:net'

/** Sends `text` as it is and gives every byte that comes back until the server closes. */
export function exchange(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(Number(port), hostname, () => socket.write(text))
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('end', () => resolve(Buffer.concat(chunks).toString('latin1')))
    socket.on('error', reject)
  })
}

/**
 * The answer without what differs from run to run, without what the middleware adds, and with its body in one piece:
 * Node 26 joins what is written in one turn into one chunk.
 */
export function comparable(answer: string): string {
  const text = answer.replace(/^(?:Date|Vary|Cache-Control|Set-Cookie: sid)\b.*\r\n/gim, '')
  // Informational answers may come first; each is a head alone.
  let end = 0
  do end = text.indexOf('\r\n\r\n', end) + 4
  while (text.startsWith('HTTP/1.1 ', end))
  const chunked = /^transfer-encoding: chunked\r$/im.test(text.slice(0, end))
  return text.slice(0, end) + (chunked ? joinChunks(text.slice(end)) : text.slice(end))
}

/** RFC 9112 §7.1: the data of all chunks, then the last chunk and the trailers as they are. */
function joinChunks(body: string): string {
  let data = ''
  for (let start = 0; ; ) {
    const line = body.indexOf('\r\n', start)
    const size = Number.parseInt(body.slice(start, line), 16)
    if (line === -1 || !(size > 0)) return data + body.slice(start)
    data += body.slice(line + 2, line + 2 + size)
    start = line + 2 + size + 2
  }
}
