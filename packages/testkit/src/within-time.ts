/** Settles as `work` does, or rejects after `milliseconds`: a call that never settles fails its case, not the runner. */
export async function withinTime<Result>(
  milliseconds: number,
  what: string,
  work: () => Promise<Result>
): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const guard = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new Error(`${what} did not finish within ${milliseconds} ms: a call to the store never settled or is too slow`)
      )
    }, milliseconds)
  })
  try {
    return await Promise.race([work(), guard])
  } finally {
    clearTimeout(timer)
  }
}
