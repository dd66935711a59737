import { createHash, randomBytes } from 'node:crypto'
import { readFile, readlink } from 'node:fs/promises'

/**
 * The owner of a lock, as `<pid>-<start>-<boot>-<namespaces>-<nonce>`. Start time and boot id distinguish a process from a
 * later one with the same pid. It has less than 60 bytes, so that it fits into the inode of a symbolic link and locking
 * works on a full disk.
 */
export type LockOwner = string

const linux = process.platform === 'linux'
let self: Promise<string> | undefined

/** Returns a new owner for each acquired lock. */
export async function nextOwner(): Promise<LockOwner> {
  return `${await thisProcess()}-${randomBytes(4).toString('hex')}`
}

/** `elsewhere`: from before a reboot, or from another machine. `unknown`: from another container. */
export async function stateOf(owner: LockOwner): Promise<'alive' | 'dead' | 'elsewhere' | 'unknown'> {
  const [pid = '', start, boot, namespaces] = owner.split('-')
  const [, , ownBoot, ownNamespaces] = (await thisProcess()).split('-')
  if (!/^\d+$/.test(pid) || namespaces === undefined) return 'unknown'
  if (boot !== ownBoot) return 'elsewhere'
  if (namespaces !== ownNamespaces) return 'unknown'
  if (!exists(Number(pid))) return 'dead'
  const stat = await readStat(pid)
  if (stat === undefined) return 'alive'
  // A zombie with running threads may be in the middle of a rename.
  const ended = stat.state === 'X' || (stat.state === 'Z' && stat.threads <= 1)
  return ended || stat.start !== start ? 'dead' : 'alive'
}

function thisProcess(): Promise<string> {
  self ??= describeSelf()
  return self
}

async function describeSelf(): Promise<string> {
  if (!linux) return `${process.pid}-0-0-0`
  const [stat, boot, ...namespaces] = await Promise.all([
    readStat('self'),
    readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => '0'),
    // If the namespaces are unknown, every other process counts as foreign.
    readlink('/proc/self/ns/pid').catch(() => randomBytes(4).toString('hex')),
    // Start times are relative to the time namespace, which older kernels do not have.
    readlink('/proc/self/ns/time').catch(() => '')
  ])
  const digest = createHash('sha256').update(namespaces.join()).digest('hex')
  return `${process.pid}-${stat?.start ?? 0}-${boot.slice(0, 8)}-${digest.slice(0, 8)}`
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && Reflect.get(error, 'code') === 'EPERM'
  }
}

/** Returns `undefined` if the system does not report it. */
async function readStat(pid: string): Promise<{ state: string; threads: number; start: string } | undefined> {
  if (!linux) return undefined
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
  // The name of the program, in parentheses, may contain parentheses and spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, threads, start] = [fields[0], fields[17], fields[19]]
  return state === undefined || start === undefined ? undefined : { state, threads: Number(threads), start }
}
