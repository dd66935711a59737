/** Next.js calls this once when a server starts. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { sessions } = await import('./lib/sessions')
  sessions.manager.startSweeper()
}
