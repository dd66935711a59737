import type { App, Context } from './site.ts'

export type Routes = Readonly<Record<string, (ctx: Context) => unknown>>

/** Answers by path; every other path is a 404. */
export function route(app: App, routes: Routes): void {
  app.use((ctx) => routes[ctx.path]?.(ctx))
}

export function count(ctx: Context): void {
  ctx.session.views = Number(ctx.session.views ?? 0) + 1
  ctx.body = { views: ctx.session.views }
}
