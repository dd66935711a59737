import { connect } from 'node:net'

/** Sends `request` unchanged, and resolves to all bytes that the server sends until it closes the connection. */
export function exchange(url: string, request: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(Number(port), hostname, () => socket.write(request))
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('end', () => resolve(Buffer.concat(chunks).toString('latin1')))
    socket.on('error', reject)
  })
}

/**
 * The response without variable parts, without the headers of the middleware, and with the body in one piece, because
 * Node 26 joins the writes of one turn into one chunk.
 */
export function comparable(answer: string): string {
  const response = answer.replace(/^(?:Date|Vary|Cache-Control|Set-Cookie: sid)\b.*\r\n/gim, '')
  // Informational responses, which have no body, may come first.
  let end = 0
  do end = response.indexOf('\r\n\r\n', end) + 4
  while (response.startsWith('HTTP/1.1 ', end))
  const chunked = /^transfer-encoding: chunked\r$/im.test(response.slice(0, end))
  return response.slice(0, end) + (chunked ? joinChunks(response.slice(end)) : response.slice(end))
}

/** RFC 9112 §7.1: the data of all chunks, then the last chunk and the trailers unchanged. */
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
