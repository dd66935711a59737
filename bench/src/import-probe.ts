// import-probe.ts <framework> <library> …: prints the milliseconds of processor time that importing the libraries took
// in a process that has the framework already.

const [framework = '', ...libraries] = process.argv.slice(2)
await import(framework)
const before = process.cpuUsage()
for (const library of libraries) await import(library)
const { user, system } = process.cpuUsage(before)
console.log(JSON.stringify((user + system) / 1000))
process.exit()
