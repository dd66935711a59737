import { setTimeout as sleep } from 'node:timers/promises'
import type { Session } from '@kvsession/core'
import { initTRPC, TRPCError } from '@trpc/server'
import { z } from 'zod'

export interface Cart {
  items?: string[]
  streamed?: boolean
}

export interface Context {
  session: Session<Cart>
}

const t = initTRPC.context<Context>().create()

const protectedProcedure = t.procedure.use(({ ctx, next }) => {
  const { userId } = ctx.session
  if (userId === undefined) throw new TRPCError({ code: 'UNAUTHORIZED' })
  return next({ ctx: { ...ctx, userId } })
})

export const appRouter = t.router({
  login: t.procedure.input(z.string()).mutation(async ({ ctx: { session }, input: user }) => {
    await session.login(user, { keepData: ['items'] })
    return { user }
  }),
  addItem: t.procedure.input(z.string()).mutation(async ({ ctx: { session }, input: item }) => {
    await session.update((data) => {
      data.items = [...(data.items ?? []), item]
    })
    return { item }
  }),
  session: t.procedure.query(({ ctx: { session } }) => {
    const { items = [], streamed = false } = session.data
    return { user: session.userId ?? null, items, streamed }
  }),
  fail: t.procedure.mutation(async ({ ctx: { session } }) => {
    await session.login('bob')
    throw new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: 'This procedure fails after the login' })
  }),
  me: protectedProcedure.query(({ ctx: { userId } }) => userId),
  progress: protectedProcedure.query(({ ctx: { session } }) => steps(session)),
  watch: protectedProcedure.subscription(({ ctx: { session } }) => steps(session))
})

export type AppRouter = typeof appRouter

async function* steps(session: Session<Cart>): AsyncGenerator<string> {
  yield 'first'
  await sleep(10)
  session.data.streamed = true
  yield 'last'
}
