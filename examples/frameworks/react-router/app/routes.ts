import { index, type RouteConfig, route } from '@react-router/dev/routes'

export default [
  index('routes/home.tsx'),
  route('visits', 'routes/visits.tsx'),
  route('login', 'routes/login.ts'),
  route('items', 'routes/items.ts'),
  route('session', 'routes/session.ts'),
  route('stream', 'routes/stream.ts'),
  route('fail', 'routes/fail.ts')
] satisfies RouteConfig
