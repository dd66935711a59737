import { type Framework, frameworks } from '../../src/applications.ts'
import type { TestProcess } from '../../src/processes/test-process.ts'
import { createRandom, type Random } from '../../src/random.ts'
import { makeHeader } from './hostile-header.ts'
import { type Answer, openPipeline, type Pipeline } from './pipeline.ts'
import type { ServerCommands } from './server-process.ts'

export interface HeaderResult {
  readonly requests: number
  /** Good cookies that were found among bad ones. */
  readonly found: number
  /** Refused by Node's HTTP parser, before any framework. */
  readonly refused: number
}

const depth = 64
/** Milliseconds without an answer after which a connection hangs. */
const answerTimeout = 60_000
/** Development on this machine, and anywhere else: cookies have other names there. */
const hosts = ['127.0.0.1', 'shop.example'] as const

/** What a response may contain. Anything else was put there by the request. */
const allowed: Readonly<Record<string, RegExp>> = {
  'x-powered-by': /^Express$/,
  'content-type': /^application\/json(?:; ?charset=utf-8)?$/i,
  'content-length': /^\d{1,3}$/,
  'transfer-encoding': /^chunked$/,
  etag: /^W\/"[\w+/-]+"$/,
  date: /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/,
  connection: /^(?:keep-alive|close)$/i,
  'keep-alive': /^timeout=\d+(?:, max=\d+)?$/,
  vary: /^Cookie$/i,
  'cache-control': /^[\w-]+(?:, ?[\w-]+)*(?:="Set-Cookie")?$/,
  'set-cookie': /^(?:__Host-)?sid=[\w-]{76}; Path=\/; HttpOnly;(?: Secure;)? SameSite=Lax$/
}

/**
 * Sends `count` hostile requests to one framework and checks every answer.
 *
 * @throws Error that names the request, for the first answer that must not be
 */
export async function attack(
  server: TestProcess<ServerCommands>,
  framework: Framework,
  count: number,
  seed: number
): Promise<HeaderResult> {
  const port = await server.call('port', framework)
  const random = createRandom(seed * 3 + frameworks.indexOf(framework))
  const cookies = new Map<string, string>()
  for (const host of hosts) cookies.set(host, await logIn(port, host))
  await server.call('takeCounts')

  const result = { requests: 0, found: 0, refused: 0 }
  let pipeline = await openPipeline(port, answerTimeout)
  while (result.requests < count) {
    const batch = Array.from({ length: Math.min(depth, count - result.requests) }, () => draw(random, cookies))
    const whole = batch.filter(({ broken }) => !broken)
    const answers = await pipeline.send(whole.map(({ bytes }) => bytes))
    for (const [index, request] of whole.entries()) {
      const answer = answers[index]
      if (!answer) throw new Error(`${framework} closed the connection instead of answering ${shown(request.bytes)}`)
      check(framework, request, answer)
      if (request.good) result.found++
    }
    for (const request of batch.filter(({ broken }) => broken)) {
      result.refused += await sendBroken(port, framework, request)
    }
    result.requests += batch.length
    if (answers.some(({ headers }) => headers.some(([name, value]) => name === 'connection' && value === 'close'))) {
      pipeline.close()
      pipeline = await openPipeline(port, answerTimeout)
    }
  }
  pipeline.close()

  const { reads, isPristine, unhandled } = await server.call('takeCounts')
  if (!isPristine) throw new Error(`${framework}: the prototype of all objects was changed`)
  if (unhandled > 0) throw new Error(`${framework}: ${unhandled} unhandled errors`)
  if (reads !== result.found) throw new Error(`${framework}: ${reads} store reads for ${result.found} good cookies`)
  return result
}

interface HostileRequest {
  readonly bytes: string
  readonly good: boolean
  readonly broken: boolean
  readonly writes: boolean
}

function draw(random: Random, cookies: ReadonlyMap<string, string>): HostileRequest {
  const host = random.pick(hosts)
  const { lines, good, broken } = makeHeader(random, cookies.get(host) ?? '')
  const writes = !good && !broken && random.below(50) === 0
  const bytes = `GET ${writes ? '/write' : '/'} HTTP/1.1\r\nHost: ${host}\r\n${lines}\r\n`
  return { bytes, good, broken, writes }
}

function check(framework: Framework, { bytes, good, writes }: HostileRequest, answer: Answer): void {
  const fail = (what: string): never => {
    throw new Error(`${framework} ${what}, asked ${shown(bytes)}, answered ${JSON.stringify(answer).slice(0, 500)}`)
  }
  if (answer.status !== 200) fail(`answers ${answer.status}`)
  for (const [name, value] of answer.headers) {
    if (!Object.hasOwn(allowed, name) || !allowed[name]?.test(value)) fail(`sends ${name}: ${value}`)
  }
  if (answer.body !== `{"user":${good ? '"ada"' : 'null'}}`)
    fail(good ? 'overlooks a good cookie' : 'finds a session without a good cookie')
  const sent = answer.headers.filter(([name]) => name === 'set-cookie').length
  if (sent !== (writes ? 1 : 0)) fail(`sends ${sent} cookies`)
}

/** Node's parser answers 400 and closes, or takes what follows a line end for a header of its own. */
async function sendBroken(port: number, framework: Framework, { bytes }: HostileRequest): Promise<number> {
  const pipeline: Pipeline = await openPipeline(port, answerTimeout)
  const [answer] = await pipeline.send([bytes])
  pipeline.close()
  if (!answer || (answer.status !== 200 && answer.status !== 400)) {
    throw new Error(`${framework} answers ${answer?.status ?? 'nothing'} to ${shown(bytes)}`)
  }
  if (answer.headers.some(([name]) => name.startsWith('x-injected'))) {
    throw new Error(`${framework} sends back a header of ${shown(bytes)}`)
  }
  return answer.status === 400 ? 1 : 0
}

async function logIn(port: number, host: string): Promise<string> {
  const pipeline = await openPipeline(port, answerTimeout)
  const [answer] = await pipeline.send([`GET /login HTTP/1.1\r\nHost: ${host}\r\n\r\n`])
  pipeline.close()
  const set = answer?.headers.find(([name]) => name === 'set-cookie')?.[1]
  const cookie = set?.split(';')[0]
  if (cookie === undefined) throw new Error(`no login on ${host}: ${JSON.stringify(answer)}`)
  return cookie
}

function shown(bytes: string): string {
  return JSON.stringify(bytes.length > 1_500 ? `${bytes.slice(0, 1_500)}…` : bytes)
}
