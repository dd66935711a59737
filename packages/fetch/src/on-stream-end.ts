type Body = NonNullable<Response['body']>

/**
 * A stream of the chunks of `body`. It asks for a chunk only when it is asked for one, and passes on errors and cancellation.
 * It ends after `ended`, so that server and runtime wait for it.
 *
 * @param ended must not reject. Called once, whether the body ends, fails or is cancelled.
 */
export function onStreamEnd(body: Body, ended: () => Promise<void>): Body {
  const reader = body.getReader()
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await reader.read().catch((error: unknown) =>
          ended().then(() => {
            throw error
          })
        )
        if (!done) return controller.enqueue(value)
        await ended()
        controller.close()
      },
      cancel: (reason) => reader.cancel(reason).finally(ended)
    },
    { highWaterMark: 0 }
  )
}
