/** What stands above the figures. */
export const preface = `# Evidence

What is claimed here of races, outages and hostile input is checked by campaigns. Every test run holds their short form.
This page shows the last long run of each; \`npm run evidence\` writes it from the figures in this folder, no number in it
is written by hand.

A campaign that finds something records nothing: figures are those of runs that found nothing. The checkers are checked
too: \`npm run break\` breaks core on purpose, one realistic mistake at a time, and shows that the invariant or the campaign
that is there for it fails; \`exploration/broken-engines.test.ts\` does the same with stores, the campaign over HTTP and the
soak with servers, and the timing test with a comparison that leaks. [How races are explored](decisions/0010-exploring-races.md)
says what the counts of the first campaign mean.
`
