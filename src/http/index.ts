/** The HTTP surface: routes are values, the server runs them, the OpenAPI document is made from them. */
export type {
  EventsTaken,
  EventTaker,
  Health,
  OutcomeFinder,
  ProjectContext,
  ServerContext,
} from './context.ts'
export { openApiDocument } from './openapi.ts'
export { openPages, type Pages } from './pages.ts'
export type { Reports } from './reports/room.ts'
export {
  type DescribedRoute,
  jsonReply,
  type Method,
  type Reply,
  type Route,
  type RouteArguments,
  type RouteContext,
  type RouteInput,
  reply,
  route,
} from './route.ts'
export { eventLimit } from './routes/events.ts'
export { serveRoutes } from './routes/index.ts'
export { createHttpServer, type HttpServer, type HttpServerOptions } from './server.ts'
export { instantField, nameField } from './wire.ts'
