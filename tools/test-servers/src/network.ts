import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { findProgram } from './engine-address.ts'

/** A host of a `TestNetwork`. */
export interface NetworkHost {
  readonly address: string
  /** A command prefix that runs a command on this host. */
  readonly enter: readonly string[]
}

/** Hosts that are joined by a router, which can drop packets. */
export interface TestNetwork<Name extends string> {
  readonly hosts: Readonly<Record<Name, NetworkHost>>
  /** Drops every packet between the two: connections stay open, without an error. */
  part(one: Name, other: Name): void
  /** Drops no more packets. */
  heal(): void
  /** Removes it and ends the processes that still run on a host. May be called twice. */
  stop(): void
}

/** `undefined` when tests can use a network, otherwise what is missing. Only Linux has network namespaces. */
export function missingNetwork(): string | undefined {
  const missing = ['ip', 'unshare', 'nsenter', 'setpriv'].find((program) => findProgram(program) === undefined)
  if (missing !== undefined) return `${missing} is missing: apt-get install iproute2 util-linux`
  try {
    execFileSync(pathOf('unshare'), ['--net', 'true'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'network namespaces are not allowed here: run as root'
  }
}

/**
 * Each host is a network namespace that exists as long as a process in it. The addresses are those of RFC 5737 for
 * examples; no packet leaves the namespaces.
 */
export function startNetwork<const Name extends string>(names: readonly Name[]): TestNetwork<Name> {
  const router = holdNamespace()
  const holders = [router]
  const onExit = (): void => stop()
  process.on('exit', onExit)
  const parted: (readonly string[])[] = []

  function stop(): void {
    process.off('exit', onExit)
    for (const holder of holders.splice(0)) holder.kill('SIGKILL')
  }

  function addHost(index: number): NetworkHost {
    const holder = holdNamespace()
    holders.push(holder)
    const [gateway, address] = [`192.0.2.${index * 4 + 1}`, `192.0.2.${index * 4 + 2}`]
    const port = `host${index}`
    ip(router, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(holder.pid))
    ip(router, 'address', 'add', `${gateway}/30`, 'dev', port)
    ip(router, 'link', 'set', port, 'up')
    ip(holder, 'address', 'add', `${address}/30`, 'dev', 'eth0')
    for (const device of ['lo', 'eth0']) ip(holder, 'link', 'set', device, 'up')
    ip(holder, 'route', 'add', 'default', 'via', gateway)
    return { address, enter: enterNamespace(holder) }
  }

  try {
    runOn(router, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward')
    const hosts = new Map(names.map((name, index) => [name, addHost(index)]))
    const addressOf = (name: Name): string => hosts.get(name)?.address ?? ''
    return {
      hosts: Object.fromEntries(hosts) as Record<Name, NetworkHost>,
      part(one, other) {
        const [from, to] = [addressOf(one), addressOf(other)]
        for (const rule of [
          ['from', from, 'to', to, 'blackhole'],
          ['from', to, 'to', from, 'blackhole']
        ]) {
          ip(router, 'rule', 'add', ...rule)
          parted.push(rule)
        }
      },
      heal() {
        for (const rule of parted.splice(0)) ip(router, 'rule', 'delete', ...rule)
      },
      stop
    }
  } catch (error) {
    stop()
    throw error
  }
}

/** The kernel ends it with this process. */
function holdNamespace(): ChildProcess {
  const holder = spawn(pathOf('setpriv'), ['--pdeathsig=KILL', '--', pathOf('unshare'), '--net', 'sleep', 'infinity'], {
    stdio: 'ignore'
  })
  const { pid } = holder
  if (pid === undefined) throw new Error('No process holds the namespace')
  holder.unref()
  waitForNamespace(pid)
  return holder
}

/** The namespace is ready once the child runs `sleep`. */
function waitForNamespace(pid: number): void {
  const script = `until [ "$(cat /proc/${pid}/comm)" = sleep ]; do :; done`
  execFileSync('sh', ['-c', script], { timeout: 10_000 })
}

function enterNamespace(holder: ChildProcess): readonly string[] {
  return [pathOf('nsenter'), `--net=/proc/${holder.pid}/ns/net`, '--']
}

function ip(holder: ChildProcess, ...args: readonly string[]): void {
  runOn(holder, pathOf('ip'), ...args)
}

function runOn(holder: ChildProcess, ...command: readonly string[]): void {
  const [program = '', ...args] = [...enterNamespace(holder), ...command]
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

function pathOf(program: string): string {
  const path = findProgram(program)
  if (path === undefined) throw new Error(`${program} is missing: apt-get install iproute2 util-linux`)
  return path
}
