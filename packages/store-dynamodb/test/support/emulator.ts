import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { DynamoDB, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import dynalite from 'dynalite'

/** dynalite, in memory, on a free loopback port. */
export interface Emulator {
  readonly url: string
  readonly port: number
  /** The operations since the last call, in order. */
  operations(): string[]
  /** The body of the last request. */
  lastInput(): unknown
  /** Replaces the next responses of an operation with those in DynamoDB's documentation, for features that dynalite lacks. */
  answer(operation: string, status: number, body: object): void
  /** A client with the settings that the store needs. */
  client(config?: DynamoDBClientConfig): DynamoDB
  stop(): Promise<void>
}

export async function startEmulator(createTableMs = 0): Promise<Emulator> {
  const inner = dynalite({ createTableMs })
  const seen: string[] = []
  let body = ''
  const answers = new Map<string, { status: number; body: object }>()
  const clients: DynamoDB[] = []
  const listener: RequestListener = (request: IncomingMessage, response: ServerResponse) => {
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? ''
    seen.push(operation)
    body = ''
    request.on('data', (chunk) => {
      body += String(chunk)
    })
    const own = answers.get(operation)
    if (own === undefined) return void inner.emit('request', request, response)
    response.writeHead(own.status, { 'Content-Type': 'application/x-amz-json-1.0' }).end(JSON.stringify(own.body))
  }
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('The emulator listens on no port')
  const url = `http://127.0.0.1:${address.port}`
  return {
    url,
    port: address.port,
    operations: () => seen.splice(0),
    lastInput: () => JSON.parse(body),
    answer: (operation, status, body) => void answers.set(operation, { status, body }),
    client(config = {}) {
      const client = createClient({ endpoint: url, ...config })
      clients.push(client)
      return client
    },
    async stop() {
      for (const client of clients) client.destroy()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    }
  }
}

export function createClient(config: DynamoDBClientConfig): DynamoDB {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  return new DynamoDB({ region: 'local', credentials, maxAttempts: 1, ...config })
}

let tables = 0

/** A new table like that of `ensureTable`, without the time to live, which dynalite does not support. */
export async function createTable(client: DynamoDB): Promise<string> {
  const table = `sessions-${++tables}`
  await client.createTable({
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'key', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }]
  })
  while ((await client.describeTable({ TableName: table })).Table?.TableStatus !== 'ACTIVE');
  return table
}
