import { describe, expect, it } from 'vitest'
import { loadOf } from '../src/wrk.ts'

describe('the figures of a load', () => {
  it('are read from the line that the script prints, microseconds as seconds and milliseconds', () => {
    const out = 'Running 1s test @ http://127.0.0.1:1/\n  1 threads\nFIGURES 42341 1000200 470 13000 19500 3\n'
    expect(loadOf(out)).toEqual({ requests: 42_341, seconds: 1.0002, p50: 0.47, p99: 13, p999: 19.5, errors: 3 })
  })

  it('are missed where the load ended before', () => {
    expect(() => loadOf('unable to connect to 127.0.0.1:1')).toThrow('unable to connect')
  })
})
