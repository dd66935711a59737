const asCommonJs = { module: 'commonjs', target: 'es2022', allowJs: true }

module.exports = {
  transform: {
    '^.+\\.ts$': 'ts-jest',
    '/node_modules/(@kvsession|@noble)/.+\\.js$': ['ts-jest', { tsconfig: asCommonJs, diagnostics: false }]
  },
  transformIgnorePatterns: ['/node_modules/(?!(\\.pnpm|@kvsession|@noble)/)']
}
