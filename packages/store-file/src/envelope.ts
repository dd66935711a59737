import { createHash } from 'node:crypto'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { SessionError } from '@kvsession/core'
import { absentIsUndefined } from './describe-error.ts'
import { recordNameOf } from './record-paths.ts'

/** A file contains `kvsession 1 <digest> <deadline> <key>`, a line feed and the value. */
export interface RecordHead {
  readonly key: string
  readonly expiresAt: number
}

export interface Envelope extends RecordHead {
  readonly value: string
}

const headPattern = /^kvsession 1 ([0-9a-f]{64}) (\d{1,16}) ([A-Za-z0-9._-]{1,200})\n/
const maxHeadBytes = 400

export function encodeEnvelope(key: string, value: string, expiresAt: number): string {
  const content = `${Math.ceil(expiresAt)} ${key}\n${value}`
  return `kvsession 1 ${sha256(content)} ${content}`
}

/** Resolves to `undefined` if the file is absent. @throws SessionError `STORE_INVALID` if it is damaged or foreign */
export async function readEnvelope(path: string): Promise<Envelope | undefined> {
  const content = await absentIsUndefined(readFile(path, 'utf8').catch(refuseFolder(path)))
  if (content === undefined) return undefined
  const { digest, length, ...head } = decodeHead(content, path)
  // A power failure may leave zeros or a truncated file if it was not synced.
  if (sha256(content.slice(content.indexOf(digest) + digest.length + 1)) !== digest) throw foreign(path)
  return { ...head, value: content.slice(length) }
}

/** Reads only the head, for lists. */
export async function readHead(path: string): Promise<RecordHead | undefined> {
  const file = await absentIsUndefined(open(path, 'r'))
  if (file === undefined) return undefined
  const start = await readStart(file).catch(refuseFolder(path))
  return decodeHead(start, path)
}

async function readStart(file: FileHandle): Promise<string> {
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maxHeadBytes), 0, maxHeadBytes, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await file.close()
  }
}

function decodeHead(content: string, path: string): RecordHead & { digest: string; length: number } {
  const [head = '', digest = '', deadline, key = ''] = headPattern.exec(content) ?? []
  if (head === '' || recordNameOf(key) !== basename(path)) throw foreign(path)
  return { key, expiresAt: Number(deadline), digest, length: head.length }
}

function refuseFolder(path: string): (error: unknown) => never {
  return (error) => {
    throw error instanceof Error && Reflect.get(error, 'code') === 'EISDIR' ? foreign(path) : error
  }
}

function foreign(path: string): SessionError {
  const message = `The file ${path} is damaged, or the file store did not write it. Remove it (which ends that session), or restore a backup`
  return new SessionError('STORE_INVALID', message)
}

function sha256(value: string): string {
  return createHash('sha256').update(value).digest('hex')
}
