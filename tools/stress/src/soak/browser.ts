import { Agent, request } from 'node:http'
import { type Body, readBody } from './answers.ts'

export interface Answer {
  readonly status: number
  /** The cookie that was set. */
  readonly cookie: string | undefined
  /** The cookie was taken away. */
  readonly cleared: boolean
  /** `undefined` with an error. */
  readonly body: Body | undefined
}

/** `unsent`: there was nobody to talk to. `lost`: it may have been done, but no answer came. */
export type Reply = Answer | 'unsent' | 'lost'

export interface Browser {
  ask(port: number, path: string, cookie: string | undefined): Promise<Reply>
  close(): void
}

export function createBrowser(): Browser {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  return {
    ask: (port, path, cookie) =>
      new Promise((resolve, reject) => {
        const headers = cookie === undefined ? {} : { cookie }
        const sent = request({ agent, host: '127.0.0.1', port, path, headers }, (response) => {
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => {
            text += chunk
          })
          response.on('error', () => resolve('lost'))
          response.on('end', () => {
            if (!response.complete) return resolve('lost')
            const { statusCode: status = 0, headers: received } = response
            try {
              const body = status === 200 ? readBody(text) : undefined
              resolve({ status, body, ...cookieOf(received['set-cookie']) })
            } catch (error) {
              reject(error)
            }
          })
        })
        sent.on('error', (error) => resolve(Reflect.get(error, 'code') === 'ECONNREFUSED' ? 'unsent' : 'lost'))
        sent.end()
      }),
    close: () => agent.destroy()
  }
}

function cookieOf(set: readonly string[] = []): Pick<Answer, 'cookie' | 'cleared'> {
  const pair = set[0]?.split(';')[0]
  const cleared = pair?.endsWith('=') === true
  return { cookie: cleared ? undefined : pair, cleared }
}
