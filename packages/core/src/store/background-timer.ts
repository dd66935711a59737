/** A timer that does not keep the process alive, where the platform can do that. */
export function startBackgroundTimer(task: () => void, delay: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(task, delay)
  const handle: unknown = timer
  if (typeof handle === 'object' && handle !== null && 'unref' in handle && typeof handle.unref === 'function') {
    handle.unref()
  }
  return timer
}
