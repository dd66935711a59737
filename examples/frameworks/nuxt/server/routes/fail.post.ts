export default defineEventHandler(async ({ context: { session } }) => {
  await session.login('bob')
  throw new Error('This route fails after the login')
})
