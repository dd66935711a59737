import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpSubscriptionLink, splitLink } from '@trpc/client'
import type { AppRouter } from './router.ts'

const url = '/trpc'

export const client = createTRPCClient<AppRouter>({
  links: [
    splitLink({
      condition: ({ type }) => type === 'subscription',
      true: httpSubscriptionLink({ url }),
      false: splitLink({
        // A mutation may set a cookie, and a streamed response has sent its headers before the mutation runs.
        condition: ({ type }) => type === 'mutation',
        true: httpBatchLink({ url }),
        false: httpBatchStreamLink({ url })
      })
    })
  ]
})
