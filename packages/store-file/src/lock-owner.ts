import { createHash, randomBytes } from 'node:crypto'
import { readFile, readlink } from 'node:fs/promises'

/**
 * Who holds a lock, as `<pid>-<start>-<boot>-<namespaces>-<nonce>`. Start time and boot tell a process from a later one
 * of the same pid. Below 60 bytes, so that it fits into the inode of a symbolic link and a full disk can still lock.
 */
export type LockOwner = string

const linux = process.platform === 'linux'
let self: Promise<string> | undefined

/** A new one for each time a lock is taken. */
export async function nextOwner(): Promise<LockOwner> {
  return `${await thisProcess()}-${randomBytes(4).toString('hex')}`
}

/** `elsewhere`: under a kernel before this one, or beside it. `unknown`: runs in another container, or did. */
export async function stateOf(owner: LockOwner): Promise<'alive' | 'dead' | 'elsewhere' | 'unknown'> {
  const [pid = '', start, boot, namespaces] = owner.split('-')
  const [, , ownBoot, ownNamespaces] = (await thisProcess()).split('-')
  if (!/^\d+$/.test(pid) || namespaces === undefined) return 'unknown'
  if (boot !== ownBoot) return 'elsewhere'
  if (namespaces !== ownNamespaces) return 'unknown'
  if (!exists(Number(pid))) return 'dead'
  const stat = await readStat(pid)
  if (stat === undefined) return 'alive'
  // A zombie whose other threads still run may be in the middle of a rename.
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
    // Where that cannot be told, no other process passes for a neighbour.
    readlink('/proc/self/ns/pid').catch(() => randomBytes(4).toString('hex')),
    // Start times are relative to it. Older kernels have none.
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

/** `undefined` where the system does not tell. */
async function readStat(pid: string): Promise<{ state: string; threads: number; start: string } | undefined> {
  if (!linux) return undefined
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
  // The name of the program, in brackets, may itself contain brackets and spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, threads, start] = [fields[0], fields[17], fields[19]]
  return state === undefined || start === undefined ? undefined : { state, threads: Number(threads), start }
}
