import type { Engine, EngineOptions } from './engine.ts'
import { engineFromEnvironment, programOf } from './engine-address.ts'
import { startEngine } from './engine-process.ts'

/** memcached. `settings` are its long options: `{ 'memory-limit': '8' }`; an empty string is a flag without a value. */
export async function startMemcached({ settings = {}, own = false }: EngineOptions = {}): Promise<Engine> {
  const fromEnvironment = own ? undefined : engineFromEnvironment('memcached')
  if (fromEnvironment !== undefined) return fromEnvironment
  const server = programOf('memcached')
  const user = process.getuid?.() === 0 ? ['-u', 'root'] : []
  return startEngine({
    name: 'memcached',
    command: ({ port }) => [
      server,
      ...['-l', '127.0.0.1', '-p', String(port), '-U', '0', ...user],
      ...Object.entries(settings).map(([name, value]) => (value === '' ? `--${name}` : `--${name}=${value}`))
    ],
    url: ({ port }) => `memcached://127.0.0.1:${port}`
  })
}
