import { Agent, request } from 'node:http'
import { text as readAll } from 'node:stream/consumers'

export interface Answer<Body> {
  readonly status: number
  /** The cookie that was set. */
  readonly cookie: string | undefined
  /** Whether the cookie was removed. */
  readonly isCleared: boolean
  /** `undefined` with an error. */
  readonly body: Body | undefined
}

/** `unsent`: the connection was refused. `lost`: no answer came, and the request may have been carried out. */
export type Reply<Body> = Answer<Body> | 'unsent' | 'lost'

export interface HttpClient<Body> {
  ask(port: number, path: string, cookie: string | undefined): Promise<Reply<Body>>
  close(): void
}

/** A client of loopback servers that keeps its connections open. `readBody` parses the body of an answer. */
export function createHttpClient<Body>(readBody: (json: string) => Body, maxSockets: number): HttpClient<Body> {
  const agent = new Agent({ keepAlive: true, maxSockets })
  return {
    ask: (port, path, cookie) =>
      new Promise((resolve, reject) => {
        const headers = cookie === undefined ? {} : { cookie }
        const sent = request({ agent, host: '127.0.0.1', port, path, headers }, async (response) => {
          const received = await readAll(response).catch(() => undefined)
          if (received === undefined || !response.complete) return resolve('lost')
          const { statusCode: status = 0 } = response
          const pair = response.headers['set-cookie']?.[0]?.split(';')[0]
          const isCleared = pair?.endsWith('=') === true
          try {
            const body = status === 200 ? readBody(received) : undefined
            resolve({ status, body, isCleared, cookie: isCleared ? undefined : pair })
          } catch (error) {
            reject(error)
          }
        })
        sent.on('error', (error) => resolve(Reflect.get(error, 'code') === 'ECONNREFUSED' ? 'unsent' : 'lost'))
        sent.end()
      }),
    close: () => agent.destroy()
  }
}
