import { contentionSection } from './contention-section.ts'
import type { Section } from './figures.ts'
import { sameFloor } from './floor-names.ts'
import { type CostTarget, costSection } from './framework-cost.ts'
import { httpSection } from './http-section.ts'
import { memorySection } from './memory-section.ts'
import { profileSection } from './profile-section.ts'
import { scaleSection, tenMillionSection } from './scale-section.ts'
import { startupSection } from './startup-section.ts'
import { storeSection } from './store-section.ts'

function against(subject: string, untouched: number, read: number, write: number, create: number): CostTarget[] {
  return [
    { against: subject, act: 'untouched', limit: untouched },
    { against: subject, act: 'read', limit: read },
    { against: subject, act: 'write', limit: write },
    { against: subject, act: 'create', limit: create }
  ]
}

/** In the order of the page. */
export const sections: readonly Section[] = [
  costSection('express', 'Express', [
    { against: 'bare', act: 'no cookie', limit: 1 },
    ...against('express-session', 0.2, 0.25, 0.3, 0.35),
    ...against(sameFloor, 1.25, 1.25, 1.25, 1.25)
  ]),
  costSection('koa', 'Koa', [
    ...against('koa-session, store', 0.12, 0.12, 0.15, 0.8),
    ...against(sameFloor, 1.25, 1.25, 1.25, 1.25)
  ]),
  costSection('hono', 'Hono', [
    { against: 'hono-sessions, plain id', act: 'read', limit: 0.35 },
    { against: 'hono-sessions, plain id', act: 'write', limit: 0.4 },
    { against: 'iron-session', act: 'read', limit: 0.05 },
    { against: 'iron-session', act: 'write', limit: 0.05 },
    { against: '@hono/session', act: 'read', limit: 0.05 },
    { against: '@hono/session', act: 'write', limit: 0.05 },
    ...against(sameFloor, 1.25, 1.25, 1.25, 1.25)
  ]),
  costSection('fastify', 'Fastify', []),
  profileSection,
  httpSection,
  storeSection('redis'),
  storeSection('postgres'),
  contentionSection,
  memorySection,
  scaleSection,
  tenMillionSection,
  startupSection
]
