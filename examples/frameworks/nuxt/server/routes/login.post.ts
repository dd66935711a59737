export default defineEventHandler(async (event) => {
  const form = await readBody<{ user?: unknown }>(event)
  await event.context.session.login(String(form.user))
  return sendRedirect(event, '/', 303)
})
