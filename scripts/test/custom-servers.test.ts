import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readCodeBlocks } from '../markdown.ts'

const root = join(import.meta.dirname, '../..')
const secret = 'a secret for a document that is long enough'

function programUnder(heading: string): string {
  const section = readFileSync(join(root, 'docs/custom-servers.md'), 'utf8').split(`\n## ${heading}\n`)[1] ?? ''
  const program = readCodeBlocks(section).find(({ directive }) => directive === 'program')
  if (program === undefined) throw new Error(`docs/custom-servers.md has no program under ${heading}`)
  return program.code
}

/** Runs a program against the sources of the packages. Resolves to the port of its server. */
async function start(program: string): Promise<number> {
  const listener = join(root, 'scripts/consumer/listen-anywhere.mjs')
  const options = ['--conditions=@kvsession/source', '--input-type=module-typescript', '--import', listener]
  const child = spawn(process.execPath, [...options, '--eval', program], {
    cwd: root,
    env: { PATH: process.env.PATH, SESSION_SECRET: secret },
    stdio: ['ignore', 'ignore', 'pipe']
  })
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  for await (const line of createInterface({ input: child.stderr })) {
    const port = /^listening on (\d+)$/.exec(line)?.[1]
    if (port === undefined) continue
    child.stderr.resume()
    return Number(port)
  }
  throw new Error('The program ended before it listened')
}

async function visit(
  port: number,
  path: string,
  cookie = ''
): Promise<{ status: number; body: string; cookie: string }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { cookie } })
  const set = response.headers.getSetCookie()[0]?.split(';')[0]
  return { status: response.status, body: await response.text(), cookie: set ?? cookie }
}

describe('the WebSocket program of docs/custom-servers.md', () => {
  const upgrade =
    'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

  async function upgradeAndReset(port: number): Promise<void> {
    const socket = connect(port, '127.0.0.1')
    const closed = new Promise((resolve) => socket.on('error', () => {}).on('close', resolve))
    await once(socket, 'connect')
    socket.write(upgrade, () => socket.resetAndDestroy())
    await closed
  }

  it('The server survives clients that send an upgrade and reset the connection', async () => {
    const port = await start(programUnder('WebSockets'))
    for (let client = 0; client < 100; client += 1) await upgradeAndReset(port)
    expect(await visit(port, '/')).toMatchObject({ status: 200, body: '0 messages\n' })
  })
})

describe('the node:http program of docs/custom-servers.md', () => {
  const route = "if (request.url === '/logout') {"
  const failing =
    "if (request.url === '/fail') {\n    session.data.views = 41\n    throw new Error('on purpose')\n  }\n  "

  it('Changes that a handler made before it threw are stored', async () => {
    const program = programUnder('node:http')
    expect(program).toContain(route)
    const port = await start(program.replace(route, failing + route))
    const failed = await visit(port, '/fail')
    expect(failed.status).toBe(500)
    expect(await visit(port, '/', failed.cookie)).toMatchObject({ status: 200, body: 'Seen 42 times\n' })
  })
})
