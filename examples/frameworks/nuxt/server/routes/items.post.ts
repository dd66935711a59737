export default defineEventHandler(async (event) => {
  const { item } = await readBody<{ item?: unknown }>(event)
  await event.context.session.update((data) => {
    data.items = [...(data.items ?? []), String(item)]
  })
  return { ok: true }
})
