// Imports every entry named on the command line, as an ES module would.
for (const entry of process.argv.slice(2)) {
  const names = Object.keys(await import(entry))
  if (names.length === 0) throw new Error(`${entry} exports nothing`)
}
