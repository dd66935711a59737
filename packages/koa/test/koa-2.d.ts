declare module 'koa-2' {
  import Koa from 'koa'
  export = Koa
}
