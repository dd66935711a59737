import { createHash } from 'node:crypto'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { SessionError } from '@kvsession/core'
import { absentIsUndefined } from './explain.ts'
import { recordNameOf } from './record-paths.ts'

/** A file is `kvsession 1 <digest> <deadline> <key>`, a line feed, the value. */
export interface RecordHead {
  readonly key: string
  readonly expiresAt: number
}

export interface StoredRecord extends RecordHead {
  readonly value: string
}

const headPattern = /^kvsession 1 ([0-9a-f]{64}) (\d{1,16}) ([A-Za-z0-9._-]{1,200})\n/
const mostHeadBytes = 400

export function encodeRecord(key: string, value: string, expiresAt: number): string {
  const content = `${Math.ceil(expiresAt)} ${key}\n${value}`
  return `kvsession 1 ${sha256(content)} ${content}`
}

/** `undefined` when there is no such file. @throws SessionError `STORE_INVALID`: damaged, or not written by a store */
export async function readRecord(path: string): Promise<StoredRecord | undefined> {
  const text = await absentIsUndefined(readFile(path, 'utf8').catch(refuseFolder(path)))
  if (text === undefined) return undefined
  const { digest, length, ...head } = decodeHead(text, path)
  // A power cut may leave zeros or half a file where nothing was synced.
  if (sha256(text.slice(text.indexOf(digest) + digest.length + 1)) !== digest) throw foreign(path)
  return { ...head, value: text.slice(length) }
}

/** The same for a list, which needs no value. */
export async function readHead(path: string): Promise<RecordHead | undefined> {
  const file = await absentIsUndefined(open(path, 'r'))
  if (file === undefined) return undefined
  const text = await readStart(file).catch(refuseFolder(path))
  return decodeHead(text, path)
}

async function readStart(file: FileHandle): Promise<string> {
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(mostHeadBytes), 0, mostHeadBytes, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await file.close()
  }
}

function decodeHead(text: string, path: string): RecordHead & { digest: string; length: number } {
  const [head = '', digest = '', deadline, key = ''] = headPattern.exec(text) ?? []
  if (head === '' || recordNameOf(key) !== basename(path)) throw foreign(path)
  return { key, expiresAt: Number(deadline), digest, length: head.length }
}

function refuseFolder(path: string): (error: unknown) => never {
  return (error) => {
    throw error instanceof Error && Reflect.get(error, 'code') === 'EISDIR' ? foreign(path) : error
  }
}

function foreign(path: string): SessionError {
  const message = `The file ${path} is damaged, or no file store wrote it. Remove it (that session ends), or bring back a sound one`
  return new SessionError('STORE_INVALID', message)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
