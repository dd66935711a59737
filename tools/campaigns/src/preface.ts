const introduction = `What is claimed here of races, outages and hostile input is checked by campaigns. \`npm run test:stress\` and
\`npm run test:engines\` hold their short form.`

const checkers = `A campaign that finds something records nothing: figures are those of runs that found nothing. The checkers are checked
too: \`npm run test:mutation -- seeded\` puts realistic mistakes into core, one at a time, and shows that the invariant or the
campaign that is there for it fails; \`exploration/broken-engines.test.ts\` does the same with stores, the campaign over HTTP and the
soak with servers, and the timing test with a comparison that leaks.`

/** What stands above the table of `docs/evidence.md`. */
export const summaryPreface: string = `# Evidence

${introduction} This page sums up the last long run of each;
[all figures](../tools/campaigns/evidence.md) stand beside the campaigns. \`npm run evidence\` writes both, no number is
written by hand.

${checkers}
`

/** What stands above the figures of \`tools/campaigns/evidence.md\`. */
export const preface: string = `# All figures of the campaigns

${introduction} This page shows the last long run of each;
\`npm run evidence\` writes it from the figures in the folder beside it, no number in it is written by hand.
[The summary](../../docs/evidence.md).

${checkers} [How races are explored](../../docs/decisions/0010-exploring-races.md)
says what the counts of the first campaign mean.
`
