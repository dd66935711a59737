import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { hashPassword, verifyPassword } from './passwords.ts'

export interface User {
  readonly id: string
  readonly name: string
}

export interface Users {
  find(id: string): User | undefined
  /** Returns `undefined` if the name is taken. */
  create(name: string, password: string): Promise<User | undefined>
  /** Returns `undefined` for an unknown user or a wrong password, after the same time for both. */
  verify(name: string, password: string): Promise<User | undefined>
  changePassword(id: string, password: string): Promise<void>
}

/** The application's own table. Sessions contain only the user's `id`. */
export function createUsers(database: DatabaseSync): Users {
  database.exec(`CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password TEXT NOT NULL
  ) STRICT`)
  const byId = database.prepare('SELECT id, name, password FROM users WHERE id = ?')
  const byName = database.prepare('SELECT id, name, password FROM users WHERE name = ?')
  const insert = database.prepare('INSERT INTO users (id, name, password) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
  const update = database.prepare('UPDATE users SET password = ? WHERE id = ?')

  return {
    find: (id) => readUser(byId.get(id))?.user,
    async create(name, password) {
      const user = { id: randomUUID(), name }
      const { changes } = insert.run(user.id, user.name, await hashPassword(password))
      return Number(changes) === 1 ? user : undefined
    },
    async verify(name, password) {
      const row = readUser(byName.get(name))
      return (await verifyPassword(password, row?.password)) ? row?.user : undefined
    },
    async changePassword(id, password) {
      update.run(await hashPassword(password), id)
    }
  }
}

function readUser(row: Record<string, unknown> | undefined): { user: User; password: string } | undefined {
  const { id, name, password } = row ?? {}
  if (typeof id !== 'string' || typeof name !== 'string' || typeof password !== 'string') return undefined
  return { user: { id, name }, password }
}
