// Requires every entry named on the command line, as CommonJS would.
for (const entry of process.argv.slice(2)) {
  const names = Object.keys(require(entry))
  if (names.length === 0) throw new Error(`${entry} exports nothing`)
}
