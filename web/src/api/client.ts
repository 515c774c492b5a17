/** The one way to the server: same host, JSON in, JSON out, errors with what happened and how to mend it. */

/** An answer that is an error, in the form that every surface of the platform has. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly hint: string | null
  /** The field that is at fault, where there is one. */
  readonly path: string | null

  constructor(status: number, error: ErrorBody) {
    super(error.message)
    this.name = 'ApiError'
    this.status = status
    this.code = error.code
    this.hint = error.hint ?? null
    this.path = error.path ?? null
  }
}

interface ErrorBody {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly path?: string
}

/** Whether an error is an answer of the server (or of its absence). */
export function isApiError(error: unknown): error is ApiError {
  return error instanceof ApiError
}

/** What a request may say besides its path. */
export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: unknown
  readonly signal?: AbortSignal
  /** Left out where null or undefined. */
  readonly query?: Readonly<Record<string, string | number | boolean | null | undefined>>
}

/**
 * Asks the server. `T` is the type that the route's module declares; the server is of the same version as this page.
 * @throws ApiError for every answer that is no success, and with the code `server_unreachable` where none came
 */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const { method = 'GET', body, signal, query } = options
  const response = await send(addressOf(path, query), {
    method,
    ...(signal === undefined ? {} : { signal }),
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const json = parse(text)
  if (!response.ok) throw new ApiError(response.status, errorOf(json, response))
  if (json === undefined) {
    const message = `${path} did not answer with JSON.`
    throw new ApiError(response.status, { code: 'answer_unreadable', message, hint: 'Is this server a Noonmark?' })
  }
  return json as T // see above
}

/** The lines of a text that goes on, as they come. */
export async function* lines(path: string, signal: AbortSignal): AsyncGenerator<string> {
  const response = await send(path, { signal })
  if (!response.ok || response.body === null) {
    throw new ApiError(response.status, errorOf(parse(await response.text()), response))
  }
  let rest = ''
  for await (const chunk of readable(response.body.pipeThrough(new TextDecoderStream()))) {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
  if (rest !== '') yield rest
}

/** Not every browser iterates streams yet. */
async function* readable(stream: ReadableStream<string>): AsyncGenerator<string> {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    reader.releaseLock()
  }
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0, {
      code: 'server_unreachable',
      message: 'The server does not answer.',
      hint: 'Look whether `noonmark dev` or `noonmark server` still runs; this page asks again by itself.',
    })
  }
}

function addressOf(path: string, query: RequestOptions['query'] = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) search.set(name, String(value))
  }
  const text = search.toString()
  return text === '' ? path : `${path}?${text}`
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function errorOf(json: unknown, response: Response): ErrorBody {
  if (typeof json === 'object' && json !== null && 'error' in json) return json.error as ErrorBody // the form of every error
  return { code: `http_${response.status}`, message: `The server answered ${response.status} ${response.statusText}.` }
}
