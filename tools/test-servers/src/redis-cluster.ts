import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { type EnginePlace, startEngine } from './engine-process.ts'
import { findFreePort } from './free-port.ts'
import { type RedisEngine, redisRecipe, withCommand } from './redis.ts'

/** Three masters with a replica each, on loopback. */
export interface RedisCluster {
  /** First the masters, then their replicas in the same order, as they were at the start. */
  readonly nodes: readonly RedisEngine[]
  readonly urls: readonly string[]
  /** Resolves when every slot has a master that takes writes. */
  whole(): Promise<void>
  stop(): Promise<void>
}

interface PlannedNode {
  readonly id: string
  readonly port: number
  readonly busPort: number
}

const masters = 3
const slots = 16_384
/** Milliseconds. */
const startTimeout = 20_000

/** @param nodeTimeout milliseconds after which a silent master is replaced */
export async function startRedisCluster({ nodeTimeout = 1_000 }: { nodeTimeout?: number } = {}): Promise<RedisCluster> {
  const plan: PlannedNode[] = []
  const ports = new Set<number>()
  while (ports.size < 4 * masters) ports.add(await findFreePort())
  const [...free] = ports
  while (plan.length < 2 * masters) {
    const [port = 0, busPort = 0] = free.splice(0, 2)
    const id = createHash('sha1').update(`${plan.length}.${port}`).digest('hex')
    plan.push({ id, port, busPort })
  }
  const started = await Promise.allSettled(plan.map((node) => startNode(node, plan, nodeTimeout)))
  const nodes = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const stop = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.stop())))
  const failure = started.find((one) => one.status === 'rejected')
  const cluster: RedisCluster = { nodes, urls: nodes.map(({ url }) => url), whole: () => whole(nodes), stop }
  try {
    if (failure !== undefined) throw failure.reason
    await cluster.whole()
  } catch (error) {
    await stop()
    throw error
  }
  return cluster
}

/** Each node starts with the configuration of the whole cluster. */
async function startNode(node: PlannedNode, plan: readonly PlannedNode[], nodeTimeout: number): Promise<RedisEngine> {
  const settings = {
    'cluster-enabled': 'yes',
    'cluster-config-file': 'nodes.conf',
    'cluster-port': String(node.busPort),
    'cluster-node-timeout': String(nodeTimeout),
    'cluster-replica-validity-factor': '0'
  }
  const lines = plan.map((other, index) => describeNode(plan, other, index, other === node))
  const prepare = async ({ folder }: EnginePlace): Promise<void> =>
    writeFileSync(`${folder}/nodes.conf`, `${lines.join('\n')}\nvars currentEpoch ${masters} lastVoteEpoch 0\n`)
  return withCommand(await startEngine(redisRecipe({ settings }, prepare), { port: node.port }))
}

/** A line of nodes.conf, as CLUSTER NODES prints it. */
function describeNode(plan: readonly PlannedNode[], node: PlannedNode, index: number, myself: boolean): string {
  const isMaster = index < masters
  const shard = index % masters
  const first = Math.floor((shard * slots) / masters)
  const last = Math.floor(((shard + 1) * slots) / masters) - 1
  const role = `${myself ? 'myself,' : ''}${isMaster ? 'master' : 'slave'}`
  const master = isMaster ? '-' : plan[shard]?.id
  const range = isMaster ? ` ${first}-${last}` : ''
  return `${node.id} 127.0.0.1:${node.port}@${node.busPort} ${role} ${master} 0 0 ${shard + 1} connected${range}`
}

async function whole(nodes: readonly RedisEngine[]): Promise<void> {
  const deadline = performance.now() + startTimeout
  const running = (): RedisEngine[] => nodes.filter(({ pid }) => pid !== undefined)
  while (!(await Promise.all(running().map(isWhole))).every(Boolean)) {
    if (performance.now() > deadline) {
      const [node] = running()
      throw new Error(`The cluster is not whole: ${await node?.command('CLUSTER', 'INFO')}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function isWhole(node: RedisEngine): Promise<boolean> {
  const [info, replication] = [await node.command('CLUSTER', 'INFO'), await node.command('INFO', 'replication')]
  const inSync = replication.includes('role:master') || replication.includes('master_link_status:up')
  return info.includes('cluster_state:ok') && inSync
}
