import node from '@astrojs/node'
import { defineConfig } from 'astro/config'

// Without `session: false`, the adapter starts Astro's own sessions, with files.
export default defineConfig({ output: 'server', adapter: node({ mode: 'standalone' }), session: false })
