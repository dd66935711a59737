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

/** The answer without what differs from run to run and without what the middleware adds. */
export function comparable(answer: string): string {
  return answer.replace(/^(?:Date|Vary|Cache-Control|Set-Cookie: sid)\b.*\r\n/gim, '')
}
