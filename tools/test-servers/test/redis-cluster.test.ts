import { describeOn, type RedisCluster, startRedisCluster } from 'test-servers'
import { afterAll, beforeAll, expect, it } from 'vitest'

describeOn('redis', { own: true })('A Redis Cluster', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startRedisCluster()
  })
  afterAll(() => cluster.stop())

  it('A cluster has three masters that own every slot, and a replica for each', async () => {
    const [node] = cluster.nodes
    expect(await node?.command('CLUSTER', 'INFO')).toContain('cluster_slots_ok:16384')
    const lines = (await node?.command('CLUSTER', 'NODES'))?.trim().split('\n') ?? []
    expect(lines.filter((line) => /\bmaster\b/.test(line))).toHaveLength(3)
    expect(lines.filter((line) => /\bslave\b/.test(line))).toHaveLength(3)
  })

  it('A cluster promotes the replica of a killed master', async () => {
    const [master, , , replica] = cluster.nodes
    await master?.kill()
    await expect.poll(() => replica?.command('ROLE'), { timeout: 15_000 }).toMatch(/^master/)
    await cluster.whole()
    await master?.restart()
    await cluster.whole()
    expect(await master?.command('ROLE')).toMatch(/^slave/)
  })
})
