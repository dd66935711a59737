import type { ReactNode } from 'react'
import { Meta, Outlet, Scripts } from 'react-router'
import type { Route } from './+types/root'
import { sessionMiddleware } from './session.server'

export const middleware: Route.MiddlewareFunction[] = [sessionMiddleware]

export function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <head>
        <Meta />
        <title>Cart</title>
      </head>
      <body>
        {children}
        <Scripts />
      </body>
    </html>
  )
}

export default function App() {
  return <Outlet />
}

export function ErrorBoundary() {
  return <h1>This page failed</h1>
}
