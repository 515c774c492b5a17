import type { Readable } from 'node:stream'
import type { z } from 'zod'
import type { Manifest } from '../define/index.ts'
import type { ProjectContext, ServerContext } from './context.ts'

/** The methods that routes have. */
export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** What a request of a route holds. Parts that a route does not name may not be sent. */
export interface RouteInput {
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
}

/** The parts of a request, read. */
export interface RouteArguments<I extends RouteInput = RouteInput> {
  readonly params: I['params'] extends z.ZodObject ? z.output<I['params']> : Readonly<Record<string, never>>
  readonly query: I['query'] extends z.ZodObject ? z.output<I['query']> : Readonly<Record<string, never>>
  readonly body: I['body'] extends z.ZodType ? z.output<I['body']> : undefined
}

/**
 * A route is a value: the server runs it and the OpenAPI document is made from it. `path` is written as in the document:
 * `/v1/moments/{moment}/predictions`. A route below `/v1/` speaks of a project, and stands at `/v1/projects/{project}/` too.
 */
export interface Route {
  readonly method: Method
  readonly path: string
  readonly summary: string
  /** What the catalog of routes files it under. */
  readonly tag: string
  readonly input: RouteInput
  readonly output?: z.ZodType
  /** The status of success; 200 where left out. */
  readonly status?: number
  /** What the answer 202 holds, where the work may go on after it. */
  readonly accepted?: z.ZodType
  /** The content type of an answer that is no JSON. */
  readonly produces?: string
  /** The room reads the body itself; `input.body` only describes it. For bodies whose form the manifest decides, and for speed. */
  readonly roomReadsBody?: true
  /** The largest body taken, where that is not what the server takes in general. */
  readonly bodyLimitBytes?: number
  /** Whether the route exists for a project now; where it does not, the answer is 404. */
  readonly exists?: (context: ProjectContext) => boolean
  /** The route once for every definition that gives it a form of its own. */
  readonly describe?: (manifest: Manifest) => readonly DescribedRoute[]
  readonly run: (context: RouteContext, input: RouteArguments) => Promise<unknown>
}

/** Both contexts of a route. `project` is resolved when it is asked for. */
export interface RouteContext {
  readonly server: ServerContext
  readonly project: ProjectContext
}

/** One form of a route, for the OpenAPI document. */
export interface DescribedRoute {
  readonly path: string
  readonly summary: string
  readonly body?: z.ZodType
  readonly output?: z.ZodType
}

/** What `route` takes: a route whose `run` is typed by its own schemas. */
type RouteDefinition<I extends RouteInput> = Omit<Route, 'input' | 'run'> & {
  readonly input: I
  readonly run: (context: RouteContext, input: RouteArguments<I>) => Promise<unknown>
}

/** Declares a route. The types of its arguments come from its schemas. */
export function route<const I extends RouteInput>(definition: RouteDefinition<I>): Route {
  // Generics end at the door: the server reads the arguments by the same schemas that give `run` its types.
  return Object.freeze(definition) as unknown as Route
}

const marker = Symbol('reply')

/** A reply that is no JSON. */
export interface Reply {
  readonly [marker]: true
  readonly contentType: string
  readonly body: string | Uint8Array | Readable
  readonly status: number
}

/** Makes a reply of another content type, or of another status than the route's. */
export function reply(contentType: string, body: Reply['body'], status = 200): Reply {
  return { [marker]: true, contentType, body, status }
}

/** A JSON reply with a status of its own. */
export function jsonReply(body: unknown, status: number): Reply {
  return reply('application/json; charset=utf-8', JSON.stringify(body), status)
}

/** Whether a route returned a reply rather than a value for JSON. */
export function isReply(value: unknown): value is Reply {
  return typeof value === 'object' && value !== null && marker in value
}
