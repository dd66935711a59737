import { setTimeout as sleep } from 'node:timers/promises'
import { createMemoryStore, isSessionError, type Session } from '@kvsession/core'
import { withSession } from '@kvsession/fetch'
import { GraphQLError } from 'graphql'
import { createSchema, createYoga } from 'graphql-yoga'
import { serve } from 'srvx'

interface Cart {
  items?: string[]
  streamed?: boolean
}

interface Context {
  session: Session<Cart>
}

const typeDefs = /* GraphQL */ `
  type Session { user: String, items: [String!]!, streamed: Boolean! }
  type Query { session: Session!, me: String! }
  type Mutation { login(user: String!): Boolean!, addItem(item: String!): Boolean!, fail: Boolean! }
  type Subscription { progress: String! }
`

const schema = createSchema<Context>({
  typeDefs,
  resolvers: {
    Query: {
      session(_root, _input, { session }) {
        const { items = [], streamed = false } = session.data
        return { user: session.userId, items, streamed }
      },
      me: (_root, _input, { session }) => userOf(session)
    },
    Mutation: {
      async login(_root, { user }: { user: string }, { session }) {
        await session.login(user, { keepData: ['items'] })
        return true
      },
      async addItem(_root, { item }: { item: string }, { session }) {
        return session.update((data) => {
          data.items = [...(data.items ?? []), item]
        })
      },
      async fail(_root, _input, { session }) {
        await session.login('bob')
        throw new Error('This mutation fails after the login')
      }
    },
    Subscription: {
      progress: {
        subscribe: (_root, _input, { session }) => steps(session, userOf(session)),
        resolve: (step: string) => step
      }
    }
  }
})

function userOf({ userId }: Session<Cart>): string {
  if (userId === undefined) throw new GraphQLError('Log in first', { extensions: { code: 'UNAUTHENTICATED' } })
  return userId
}

async function* steps(session: Session<Cart>, user: string): AsyncGenerator<string> {
  yield `first for ${user}`
  await sleep(10)
  session.data.streamed = true
  yield 'last'
}

const sessions = withSession<Cart>({
  store: createMemoryStore(),
  secret: process.env.SESSION_SECRET,
  onError: (error) => new Response('Try again later\n', { status: isSessionError(error) ? error.status : 500 })
})

const yoga = createYoga<Context>({ schema })

const fetch = sessions(async (request: Request, session) => yoga.fetch(request, { session }))

serve({ fetch, hostname: process.env.HOST ?? '127.0.0.1', port: Number(process.env.PORT ?? 3000) })
