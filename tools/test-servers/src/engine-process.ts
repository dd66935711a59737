import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Engine } from './engine.ts'
import { findProgram } from './engine-address.ts'
import { findFreePort } from './free-port.ts'
import type { NetworkHost } from './network.ts'
import { descendantsOf, signalAll, waitUntilStopped } from './process-tree.ts'

/** How to start an engine. */
export interface EngineRecipe {
  readonly name: string
  /** Creates the data folder, once. */
  prepare?(place: EnginePlace): Promise<void>
  /** Program and arguments. */
  command(place: EnginePlace): readonly [program: string, ...args: string[]]
  /** Output that shows that it is ready; without this option it is ready once its port accepts connections. */
  readonly ready?: RegExp
  /** The system user it has to run as when the tests run as root. */
  readonly user?: { readonly name: string; readonly id: number }
  url(place: EnginePlace): string
  socket?(place: EnginePlace): string
}

export interface EnginePlace {
  readonly folder: string
  /** Loopback, unless it runs on a host of a network. */
  readonly host: string
  readonly port: number
}

export interface EnginePlacement {
  readonly port?: number
  readonly on?: NetworkHost | undefined
}

/** Milliseconds. */
const startTimeout = 20_000
const keptOutput = 16_384

/** Starts a private instance in a new temporary folder, by default on a free loopback port. */
export async function startEngine(recipe: EngineRecipe, { port, on }: EnginePlacement = {}): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), `kvsession-${recipe.name}-`))
  if (recipe.user !== undefined && isRoot) chownSync(folder, recipe.user.id, recipe.user.id)
  const place = { folder, host: on?.address ?? '127.0.0.1', port: port ?? (await findFreePort()) }
  let running: RunningProcess | undefined

  /** No server outlives this process. */
  const onExit = (): void => {
    if (running !== undefined) signalAll([running.pid, ...descendantsOf(running.pid)], 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.on('exit', onExit)

  const engine: Engine = {
    url: recipe.url(place),
    host: place.host,
    port: place.port,
    socket: recipe.socket?.(place),
    get pid() {
      return running?.pid
    },
    async kill(signal = 'SIGKILL') {
      const ending = running
      running = undefined
      await ending?.end(signal)
    },
    freeze: () => signalTree(running, 'SIGSTOP'),
    thaw: () => signalTree(running, 'SIGCONT'),
    async restart() {
      await engine.kill()
      running = await run(recipe, place, on?.enter)
    },
    async stop() {
      process.off('exit', onExit)
      await engine.kill()
      rmSync(folder, { recursive: true, force: true })
    }
  }
  try {
    await recipe.prepare?.(place)
    running = await run(recipe, place, on?.enter)
  } catch (error) {
    await engine.stop()
    throw error
  }
  return engine
}

interface RunningProcess {
  readonly pid: number
  end(signal: NodeJS.Signals): Promise<void>
}

function signalTree(running: RunningProcess | undefined, signal: NodeJS.Signals): void {
  if (running === undefined) throw new Error(`No server runs that could take ${signal}`)
  const pids = [running.pid, ...descendantsOf(running.pid)]
  signalAll(pids, signal)
  if (signal === 'SIGSTOP') waitUntilStopped(pids)
}

async function run(recipe: EngineRecipe, place: EnginePlace, enter: readonly string[] = []): Promise<RunningProcess> {
  const child = spawnAs([...enter, ...recipe.command(place)], recipe.user?.name, place.folder)
  let output = ''
  const ended = once(child, 'close').catch(() => undefined)
  const died = ended.then(() => {
    throw new Error(`${recipe.name} did not start:\n${output}`)
  })
  const printed = new Promise<void>((resolve) => {
    const keep = (chunk: string): void => {
      output = (output + chunk).slice(-keptOutput)
      if (recipe.ready?.test(output)) resolve()
    }
    child.stdout?.setEncoding('utf8').on('data', keep)
    child.stderr?.setEncoding('utf8').on('data', keep)
  })
  const done = new AbortController()
  const late = setTimeout(startTimeout, undefined, { signal: done.signal }).then(() => {
    throw new Error(`${recipe.name} did not serve within ${startTimeout} ms`)
  })
  try {
    await Promise.race([recipe.ready ? printed : accepts(place.port, done.signal), died, late])
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    done.abort()
    // From here on its end is not a failed start.
    for (const failure of [died, late]) failure.catch(() => undefined)
  }
  const { pid } = child
  if (pid === undefined) throw new Error(`${recipe.name} has no process`)
  return {
    pid,
    async end(signal) {
      // A frozen process takes no other signal.
      if (signal === 'SIGKILL') signalAll([pid, ...descendantsOf(pid)], signal)
      else signalAll([pid], signal)
      await ended
    }
  }
}

const isRoot = process.getuid?.() === 0

/** Runs a program to its end. @throws Error with what it printed */
export async function runToEnd(
  command: readonly [program: string, ...args: string[]],
  user: string | undefined,
  folder: string
): Promise<void> {
  const child = spawnAs(command, user, folder)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      output += chunk
    })
  }
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}:\n${output}`)
}

/** With setpriv it runs under another user and dies with this process, however this one ends. */
function spawnAs([program = '', ...args]: readonly string[], user: string | undefined, cwd: string): ChildProcess {
  const setpriv = findProgram('setpriv')
  const drop = user !== undefined && isRoot ? [`--reuid=${user}`, `--regid=${user}`, '--clear-groups'] : []
  const env = { ...process.env, LC_ALL: 'C' }
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']
  return setpriv === undefined
    ? spawn(program, args, { cwd, env, stdio })
    : spawn(setpriv, [...drop, '--pdeathsig=KILL', '--', program, ...args], { cwd, env, stdio })
}

async function accepts(port: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return
    } catch {
      await setTimeout(5)
    } finally {
      socket.destroy()
    }
  }
}
