import assert from 'node:assert/strict'
import { type CaseGroup, type OptionalMethod, optionalMethods } from './store-case.ts'

/** Compares the store with the declaration that selected the cases, so that every method is tested. */
export function methodCases(declared: readonly OptionalMethod[]): CaseGroup {
  const nonAtomic = {
    name: 'a store without compareAndSet is not atomic: the manager refuses it unless allowNonAtomicStore is set',
    check: async ({ original }: { original: object }): Promise<void> => {
      assert.equal('compareAndSet' in original ? original.compareAndSet : undefined, undefined)
    }
  }
  return {
    group: 'methods',
    cases: [
      {
        name: 'the store has get, set, delete and exactly the optional methods that the binding declares',
        check: async ({ original }) => {
          for (const method of ['get', 'set', 'delete'] as const) {
            assert.equal(typeof original[method], 'function', `${method}() is missing`)
          }
          for (const method of optionalMethods) {
            const type = typeof original[method]
            if (declared.includes(method)) assert.equal(type, 'function', `${method}() is declared but missing`)
            else assert.equal(type, 'undefined', `${method}() exists but is not declared, so its cases would not run`)
          }
        }
      },
      ...(declared.includes('compareAndSet') ? [] : [nonAtomic])
    ]
  }
}
