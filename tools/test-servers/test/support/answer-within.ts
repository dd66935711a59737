import type { Socket } from 'node:net'

/** Whether the server at the other end of a new connection sends anything in time. */
export function answerWithin(
  milliseconds: number,
  open: () => Socket,
  hello: Buffer | string | undefined
): Promise<boolean> {
  const socket = open()
  if (hello !== undefined) socket.write(hello)
  return new Promise((resolve) => {
    const settle = (answered: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answered)
    }
    const timer = setTimeout(() => settle(false), milliseconds)
    socket.on('data', () => settle(true))
    socket.on('error', () => settle(false))
    socket.on('close', () => settle(false))
  })
}
