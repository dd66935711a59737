import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { KilledGround } from './file-stores.ts'
import { type AnswerMessage, type RequestName, type Requests, readAnswer } from './writing-requests.ts'

/** The process died before it answered: nobody knows whether it did what it was asked. */
export class Unanswered extends Error {}

/** The process answered that it failed. */
export class Refused extends Error {}

export interface Writer extends Requests {
  /** How many answers it gave, errors among them. */
  readonly answers: number
  /** Resolves once it has given that many, or is dead. */
  whenAnswered(count: number): Promise<void>
  /** Kills it, and waits until it is dead. */
  kill(): Promise<void>
  /** The signal or code that it ended with, when nobody killed it. */
  readonly ended: Promise<string>
}

export interface WriterOptions {
  readonly program: string
  readonly compiled: string
  readonly ground: KilledGround
  readonly address: string
  readonly secret: string
}

/** Starts a process that has loaded everything and opened nothing. */
export async function startWriter(options: WriterOptions, number: number): Promise<Writer> {
  const { program, compiled, ground, address, secret } = options
  const child = fork(program, [ground, address, secret, String(number)], {
    env: { ...process.env, NODE_COMPILE_CACHE: compiled },
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc']
  })
  return connect(child)
}

interface Question {
  resolve(value: string): void
  reject(error: Error): void
}

async function connect(child: ChildProcess): Promise<Writer> {
  const questions = new Map<number, Question>()
  const waiting = new Set<{ readonly count: number; resolve(): void }>()
  let lastId = 0
  let answers = 0
  let killed = false
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-2_000)
  })
  const exit = once(child, 'exit')
  const ended = exit.then(async ([code, signal]) => {
    for (const { reject } of questions.values()) reject(new Unanswered('the process is dead'))
    for (const { resolve } of waiting) resolve()
    questions.clear()
    if (killed) return new Promise<never>(() => undefined)
    return `a process ended by itself (${signal ?? code}): ${errors}`
  })
  child.on('error', () => undefined)
  child.on('message', (message) => settle(readAnswer(message)))

  function settle({ id, value, error }: AnswerMessage): void {
    const question = questions.get(id)
    questions.delete(id)
    if (value === undefined) question?.reject(new Refused(error))
    else question?.resolve(value)
    answers++
    for (const one of waiting) if (answers >= one.count && waiting.delete(one)) one.resolve()
  }

  function ask(name: RequestName, ...args: (string | number)[]): Promise<string> {
    if (!child.connected) return Promise.reject(new Unanswered('the process is dead'))
    return new Promise((resolve, reject) => {
      const id = ++lastId
      questions.set(id, { resolve, reject })
      child.send({ id, name, args })
    })
  }

  await Promise.race([once(child, 'message'), ended.then((why) => Promise.reject(new Error(why)))])
  return {
    get answers() {
      return answers
    },
    ended,
    open: () => ask('open'),
    login: (user) => ask('login', user),
    append: (cookie, step) => ask('append', cookie, step),
    read: (cookie) => ask('read', cookie),
    logout: (cookie) => ask('logout', cookie),
    whenAnswered(count) {
      if (answers >= count || !child.connected) return Promise.resolve()
      return new Promise((resolve) => waiting.add({ count, resolve }))
    },
    async kill() {
      killed = true
      child.kill('SIGKILL')
      await exit
    }
  }
}
