import assert from 'node:assert/strict'
import { assertValue } from './assert-value.ts'
import type { CaseGroup, FullStore, StoreCaseContext } from './store-case.ts'

/** The hints of one watch so far. */
interface Watch {
  readonly hints: readonly string[]
  /** Resolves when a hint of the key has arrived. */
  hintOf(key: string): Promise<void>
  /** Resolves when `onGap` has reported that hints arrive again. */
  resumed(): Promise<void>
  stop(): void
}

export const watchCases: CaseGroup = {
  group: 'watch',
  needs: ['watch'],
  cases: [
    {
      name: 'a hint comes after set and delete, of this handle and of another one',
      check: async (context) => {
        const { store, later } = context
        const watch = await watchKeys(context, store, 'key.')
        const second = await context.second()
        await store.set('key.set', 'value', later())
        await second.set('key.set-elsewhere', 'value', later())
        await watch.hintOf('key.set')
        await watch.hintOf('key.set-elsewhere')
        const [deleted, deletedElsewhere] = [
          await watchKeys(context, store, 'key.'),
          await watchKeys(context, second, 'key.')
        ]
        await second.delete('key.set')
        await store.delete('key.set-elsewhere')
        for (const each of [deleted, deletedElsewhere]) {
          await each.hintOf('key.set')
          await each.hintOf('key.set-elsewhere')
          each.stop()
        }
        watch.stop()
      }
    },
    {
      name: 'a hint comes after a compareAndSet that wrote, of this handle and of another one',
      needs: ['compareAndSet'],
      check: async (context) => {
        const { store, later } = context
        const second = await context.second()
        const created = await watchKeys(context, store, 'key.')
        await store.compareAndSet('key.own', undefined, 'value', later())
        await second.compareAndSet('key.elsewhere', undefined, 'value', later())
        await created.hintOf('key.own')
        await created.hintOf('key.elsewhere')
        created.stop()
        const replaced = await watchKeys(context, store, 'key.')
        await store.compareAndSet('key.elsewhere', 'value', 'next', later())
        await second.compareAndSet('key.own', 'value', 'next', later())
        await replaced.hintOf('key.own')
        await replaced.hintOf('key.elsewhere')
        replaced.stop()
      }
    },
    {
      name: 'a read that begins after the hint sees the write',
      check: async (context) => {
        const second = await context.second()
        const watch = await watchKeys(context, context.store, 'key.')
        for (let turn = 0; turn < 20; turn++) {
          const key = `key.${turn}`
          const written = second.set(key, 'value', context.later())
          await watch.hintOf(key)
          await assertValue(context.store, key, 'value')
          await written
        }
        watch.stop()
      }
    },
    {
      name: 'no hint is for a key outside of the prefix, which is not a pattern',
      check: async (context) => {
        const { store, later } = context
        const watch = await watchKeys(context, store, 'a._-')
        for (const key of ['b', 'a', 'a._', 'A._-', 'ab_-', 'a.x-', 'xa._-', 'a._-'])
          await store.set(key, 'value', later())
        await store.set('a._-last', 'value', later())
        await watch.hintOf('a._-')
        await watch.hintOf('a._-last')
        assert.deepEqual([...new Set(watch.hints)].sort(), ['a._-', 'a._-last'])
        watch.stop()
      }
    },
    {
      name: 'an empty prefix watches every key',
      check: async (context) => {
        const watch = await watchKeys(context, context.store, '')
        const keys = ['a', 'A.b-c_d', '__proto__', 'k'.repeat(200)]
        for (const key of keys) await context.store.set(key, 'value', context.later())
        for (const key of keys) await watch.hintOf(key)
        watch.stop()
      }
    },
    {
      name: 'no hint comes after the end of a watch, and other watches continue',
      check: async (context) => {
        const { store, later } = context
        const [ended, other] = [await watchKeys(context, store, 'key.'), await watchKeys(context, store, 'key.')]
        await store.set('key.before', 'value', later())
        await ended.hintOf('key.before')
        ended.stop()
        await store.set('key.after', 'value', later())
        await other.hintOf('key.after')
        assert.ok(!ended.hints.includes('key.after'), 'a hint came after the end of the watch')
        other.stop()
      }
    },
    {
      name: 'ending a watch twice is not an error',
      check: async (context) => {
        const watch = await watchKeys(context, context.store, 'key.')
        watch.stop()
        watch.stop()
        const next = await watchKeys(context, context.store, 'key.')
        await context.store.set('key.next', 'value', context.later())
        await next.hintOf('key.next')
        next.stop()
      }
    }
  ]
}

/** Run on stores of `createInterruptedStore`. */
export const interruptedWatchCases: CaseGroup = {
  group: 'interrupted watch',
  needs: ['watch'],
  cases: [
    {
      name: 'an interruption of hints is reported to the watch, which then continues',
      check: async (context) => {
        const { store, later } = context
        const watch = await watchKeys(context, store, 'key.')
        await context.interrupt()
        await watch.resumed()
        await (await context.second()).set('key.later', 'value', later())
        await watch.hintOf('key.later')
        watch.stop()
      }
    },
    {
      name: 'a watch that ended before an interruption gets no report of it',
      check: async (context) => {
        const [ended, other] = [
          await watchKeys(context, context.store, 'key.'),
          await watchKeys(context, context.store, 'key.')
        ]
        let reported = false
        void ended.resumed().then(() => {
          reported = true
        })
        ended.stop()
        await context.interrupt()
        await other.resumed()
        assert.ok(!reported, 'it got a report of a gap after its end')
        other.stop()
      }
    }
  ]
}

async function watchKeys(context: StoreCaseContext, store: FullStore, prefix: string): Promise<Watch> {
  const hints: string[] = []
  const listeners = new Set<() => void>()
  let resumptions = 0
  const changed = (): void => {
    for (const listener of listeners) listener()
  }
  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return
        listeners.delete(check)
        resolve()
      }
      listeners.add(check)
      check()
    })
  const stop = await store.watch(
    prefix,
    (key) => {
      hints.push(key)
      changed()
    },
    (watching) => {
      if (watching) resumptions++
      changed()
    }
  )
  return {
    hints,
    hintOf: (key) => context.track('the hint of ', key, () => until(() => hints.includes(key))),
    resumed: () => context.track('onGap', 'true', () => until(() => resumptions > 0)),
    stop
  }
}
