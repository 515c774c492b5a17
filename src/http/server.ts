import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import type { z } from 'zod'
import { errorBody, isNoonmarkError, noonmarkError, translatedFault } from '../errors.ts'
import type { ProjectContext, ServerContext } from './context.ts'
import { type HostGuard, hostGuard, requireLoopback } from './loopback.ts'
import { openApiDocument } from './openapi.ts'
import type { PageReply, Pages } from './pages.ts'
import { isReply, type Method, type Route, type RouteArguments, type RouteContext } from './route.ts'

/** How a server is made. */
export interface HttpServerOptions {
  readonly context: ServerContext
  readonly routes: readonly Route[]
  /** The web UI, for every GET that no route takes; left out where there is none. */
  readonly pages?: Pages
  /** 127.0.0.1 where left out; only addresses of this machine are allowed. */
  readonly host?: string
  /** 0 lets the system choose. */
  readonly port: number
  /** The largest body taken; 1 MiB where left out. */
  readonly bodyLimitBytes?: number
  /** Hears of failures that were answered with `internal`. */
  readonly onFailure?: (error: unknown, where: string) => void
}

/** A server that may be listening. */
export interface HttpServer {
  /**
   * Listens and resolves with the address to call.
   * @throws port_in_use
   */
  listen(): Promise<string>
  /** Takes no more requests, and resolves when those under way are answered. */
  close(): Promise<void>
  /** The server underneath: for tests that inject requests, and for rooms that add pages. */
  readonly instance: FastifyInstance
}

/**
 * Makes the server of the platform. Routes are values (`route.ts`); every error leaves as `{"error":{...}}`.
 * @throws host_not_loopback
 */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { context, routes, pages, host = '127.0.0.1', port, bodyLimitBytes = 1024 * 1024, onFailure } = options
  requireLoopback(host)
  const instance = fastify({
    bodyLimit: bodyLimitBytes,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 300 },
    // Errors of the router itself, before any hook.
    frameworkErrors: (error, _request, response) => sendError(response, error, 'router', onFailure),
  })
  let guard: HostGuard = hostGuard(host, port)
  instance.addHook('onRequest', (request, _reply, done) => {
    try {
      guard.check(request.headers.host, request.headers.origin)
      done()
    } catch (error) {
      done(error as Error) // the guard throws errors only
    }
  })
  readJsonOnly(instance)
  instance.setErrorHandler((error, request, response) =>
    sendError(response, error, `${request.method} ${request.url}`, onFailure),
  )
  // No browser is to guess that an answer is a script or a page.
  instance.addHook('onSend', (_request, response, _payload, done) => {
    response.header('x-content-type-options', 'nosniff')
    done()
  })
  instance.setNotFoundHandler(async (request, response) => {
    const page = await pageFor(pages, request)
    if (page === null) return refuseUnknownPath(routes, request, response)
    return response.code(page.status).headers(page.headers).send(page.body)
  })
  for (const route of routes) addRoute(instance, context, route)
  instance.get('/openapi.json', async (_request, response) => {
    response.header('content-type', 'application/json; charset=utf-8')
    return JSON.stringify(openApiDocument(routes, context.project(null).manifest()))
  })
  return {
    instance,
    async listen() {
      try {
        await instance.listen({ host, port })
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
        throw noonmarkError('port_in_use', { message: `Port ${port} of ${host} is in use.`, cause: error })
      }
      const address = instance.server.address()
      const actual = typeof address === 'object' && address !== null ? address.port : port
      guard = hostGuard(host, actual)
      return `http://${host.includes(':') ? `[${host}]` : host}:${actual}`
    },
    close: () => instance.close(),
  }
}

/** Only JSON bodies: a form of a web page, which needs nobody's leave to be sent, is none. */
function readJsonOnly(instance: FastifyInstance): void {
  instance.removeAllContentTypeParsers()
  instance.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, JSON.parse(body as string)) // parseAs says so
    } catch (cause) {
      const message = `The body is not JSON: ${cause instanceof Error ? cause.message : String(cause)}.`
      done(noonmarkError('json_invalid', { message, cause }))
    }
  })
}

function addRoute(instance: FastifyInstance, server: ServerContext, route: Route): void {
  const paths = [route.path]
  if (route.path.startsWith('/v1/')) paths.push(route.path.replace('/v1/', '/v1/projects/{project}/'))
  const status = route.status ?? 200
  for (const path of paths) {
    instance.route({
      method: route.method,
      url: path.replaceAll(/\{(\w+)\}/g, ':$1'),
      ...(route.bodyLimitBytes === undefined ? {} : { bodyLimit: route.bodyLimitBytes }),
      async handler(request, response) {
        const { project: named, ...params } = request.params as Record<string, string> // the router gives texts
        const context = routeContext(server, path === route.path ? null : (named ?? null))
        if (route.exists !== undefined && !route.exists(context.project)) return response.callNotFound()
        const input = readInput(route, params, request)
        const value = await route.run(context, input)
        if (isReply(value)) {
          response.code(value.status).header('content-type', value.contentType)
          return response.send(value.body)
        }
        response.code(status).header('content-type', 'application/json; charset=utf-8')
        return response.send(JSON.stringify(value))
      },
    })
  }
}

function routeContext(server: ServerContext, name: string | null): RouteContext {
  let project: ProjectContext | undefined
  return {
    server,
    get project() {
      project ??= server.project(name)
      return project
    },
  }
}

function readInput(route: Route, params: unknown, request: FastifyRequest): RouteArguments {
  const { input, roomReadsBody } = route
  const body = request.body
  if (input.body === undefined && body !== undefined && body !== null)
    throw noonmarkError('request_invalid', { message: `${route.method} ${route.path} takes no body.`, path: 'body' })
  const read = {
    params: input.params === undefined ? {} : parse(input.params, params, ''),
    query: input.query === undefined ? {} : parse(input.query, request.query, 'query'),
    body: input.body === undefined || roomReadsBody ? body : parse(input.body, body, ''),
  }
  return read as RouteArguments // read by the schemas that the arguments are typed by
}

function parse(schema: z.ZodType, value: unknown, where: string): unknown {
  const result = schema.safeParse(value ?? {})
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const path = [where, ...(issue?.path ?? []), ...unknown].reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    return text === '' ? String(part) : `${text}.${String(part)}`
  }, '')
  throw noonmarkError('request_invalid', {
    message: `${path === '' ? 'The body' : path}: ${issue?.message ?? 'is not as described'}.`,
    ...(path === '' ? {} : { path }),
  })
}

const refusals: Readonly<Record<string, 'content_type_unsupported' | 'body_too_large'>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'content_type_unsupported',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
}

function sendError(
  response: FastifyReply,
  error: unknown,
  where: string,
  onFailure: HttpServerOptions['onFailure'],
): void {
  const known = translated(error)
  const status = isNoonmarkError(known) ? known.status : 500
  if (status === 500) onFailure?.(error, where)
  response
    .code(status)
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify(errorBody(known)))
}

/** An error of the HTTP library as one of ours. */
function translated(thrown: unknown): unknown {
  const error = translatedFault(thrown)
  if (isNoonmarkError(error) || !(error instanceof Error)) return error
  const { code, statusCode } = error as Error & { code?: string; statusCode?: number } // the library's own fields
  const refusal = code === undefined ? undefined : refusals[code]
  if (refusal !== undefined) return noonmarkError(refusal, { cause: error })
  if (statusCode !== undefined && statusCode < 500)
    return noonmarkError('request_invalid', { message: error.message, cause: error })
  return error
}

/** The web UI's answer to what no route takes; null where it has none. */
async function pageFor(pages: Pages | undefined, { method, url, headers }: FastifyRequest): Promise<PageReply | null> {
  if (pages === undefined || (method !== 'GET' && method !== 'HEAD')) return null
  return pages.answer({
    path: url.split('?', 1)[0]!,
    accept: headers.accept ?? '',
    ifNoneMatch: headers['if-none-match'],
  })
}

function refuseUnknownPath(routes: readonly Route[], request: FastifyRequest, response: FastifyReply): void {
  const path = request.url.split('?', 1)[0]!
  const methods = new Set<Method>(routes.filter((route) => pathPattern(route.path).test(path)).map((one) => one.method))
  // A route that does not exist for this project matches its own path and method: that is a plain 404.
  const other = [...methods].filter((method) => method !== request.method)
  if (other.length > 0 && other.length === methods.size) {
    response.header('allow', other.join(', '))
    throw noonmarkError('method_not_allowed', {
      message: `${path} has no ${request.method}.`,
      hint: `Use ${other.join(' or ')}.`,
    })
  }
  throw noonmarkError('not_found', {
    message: `There is nothing at ${request.method} ${path}.`,
    hint: 'Look at /openapi.json for what there is.',
  })
}

function pathPattern(path: string): RegExp {
  const pattern = path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')
  return new RegExp(`^${pattern.replace(/^\/v1\//, '/v1/(?:projects/[^/]+/)?')}/?$`)
}
