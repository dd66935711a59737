import { answerCalls } from '../../src/processes/answer-calls.ts'
import { connectStore } from '../../src/stores/connect-store.ts'
import { startTraffic } from './outage-traffic.ts'

// Traffic from another host of a test network: traffic-process.ts <driver> <address> <options of the store as JSON>.

const [driver = '', address = '', options = '{}'] = process.argv.slice(2)
const { store } = await connectStore(driver, address, JSON.parse(options))
const traffic = await startTraffic(store)

const commands = {
  progress(): { readonly served: number; readonly failed: number; readonly wrong: readonly string[] } {
    return { served: traffic.served(), failed: traffic.failed(), wrong: traffic.wrong() }
  },
  async settle(): Promise<{ readonly ended: number; readonly wrong: readonly string[] }> {
    return { ended: await traffic.settle(), wrong: traffic.wrong() }
  }
}

export type TrafficCommands = typeof commands

answerCalls(commands)
