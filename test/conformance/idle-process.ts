// Ends by itself, or a test fails: a client without a connection, on which everything waits that can wait.
import { correlated, createClient, events, plain } from 'holdfast'

const hour = 3_600_000
const client = createClient({ url: process.argv[2]!, wire: plain({ requests: correlated() }) })
client.send('before', {}, { ttl: hour })
await client.connect()
await client.disconnect()
client.send('after', {}, { ttl: hour })
void client.request('after', {}, { timeout: hour }).catch(() => {})
void client.drained()
void events(client, 'x').next()
console.log('idle')
