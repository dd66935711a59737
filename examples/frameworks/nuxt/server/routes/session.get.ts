export default defineEventHandler(({ context: { session } }) => {
  const { items = [], streamed = false } = session.data
  return { user: session.userId ?? null, items, streamed }
})
