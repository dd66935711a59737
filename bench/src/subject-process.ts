import type { Application } from './application.ts'
import { applicationsOf } from './applications.ts'
import { type Cell, cookieHeader, hasSession, pairsOf, pathOf } from './cell.ts'
import type { PayloadSize } from './payload.ts'
import { isCommand, type SubjectCommand } from './subject-command.ts'
import { answerCommands } from './worker.ts'

/** As many requests are under way at once: what waits for a turn of the event loop shares that turn with others. */
const atOnce = 16
const sessionsPerSize = 64

let application: Application | undefined
const sessions = new Map<PayloadSize, Promise<string[]>>()

async function obey(command: SubjectCommand): Promise<unknown> {
  if (command.type === 'load') {
    application = await (await applicationsOf(command.framework))[command.subject]?.()
    return undefined
  }
  if (!application) throw new Error('No subject was loaded')
  if (command.type === 'serve') return application.serve()
  if (command.type === 'cookies') return cookiesOf(application, command.size)
  if (command.type === 'cpu') return process.cpuUsage()
  if (command.type === 'profile') return profile(application, command.cell, command.requests)
  return runBatch(application, command.cell, command.requests)
}

/** Microseconds of processor time that the requests took, collecting garbage and compiling included. */
async function runBatch(subject: Application, cell: Cell, requests: number): Promise<number> {
  const path = pathOf(cell)
  const own = hasSession(cell) ? await cookiesOf(subject, cell.size) : ['']
  const headers = own.map((pair) => cookieHeader(pair, cell.cookies))
  const each = Math.ceil(requests / atOnce)
  const before = process.cpuUsage()
  await Promise.all(
    Array.from({ length: atOnce }, async (_, worker) => {
      for (let round = 0; round < each; round++) {
        await subject.request(path, headers[(worker + atOnce * round) % headers.length] ?? '')
      }
    })
  )
  const { user, system } = process.cpuUsage(before)
  return (user + system) / (each * atOnce)
}

/** Loaded when it is asked for: what only measures must not weigh on what is measured. */
async function profile(subject: Application, cell: Cell, requests: number): Promise<unknown> {
  const [{ Session }, { roomsOf }] = [await import('node:inspector/promises'), await import('./rooms.ts')]
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: 200 })
  await session.post('Profiler.start')
  await runBatch(subject, cell, requests)
  const { profile: found } = await session.post('Profiler.stop')
  session.disconnect()
  return [...roomsOf(found)]
}

function cookiesOf(subject: Application, size: PayloadSize): Promise<string[]> {
  let made = sessions.get(size)
  if (!made) {
    made = makeSessions(subject, size)
    sessions.set(size, made)
  }
  return made
}

async function makeSessions(subject: Application, size: PayloadSize): Promise<string[]> {
  const made: string[] = []
  for (let i = 0; i < sessionsPerSize; i++) {
    made.push(pairsOf(await subject.request(pathOf({ act: 'create', size, cookies: 1 }), '')))
  }
  return made
}

answerCommands(async (command) => (isCommand(command) ? obey(command) : undefined))
