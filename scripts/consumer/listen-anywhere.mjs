// Loaded before a program: whatever port it asks for, it listens on a free one of the loopback interface and says which.
import { Server } from 'node:net'

const listen = Server.prototype.listen
Server.prototype.listen = function listenAnywhere(...args) {
  this.once('listening', () => process.stderr.write(`\nlistening on ${this.address().port}\n`))
  const callback = args.find((arg) => typeof arg === 'function')
  return listen.call(this, 0, '127.0.0.1', callback)
}
