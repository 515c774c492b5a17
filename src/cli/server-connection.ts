import { noonmarkError, readError, type WireError } from '../errors.ts'
import type { Method } from '../http/route.ts'

/** A platform that runs somewhere, over HTTP. */
export interface ServerConnection {
  readonly url: string
  /** Asks for JSON. @throws the error that the server answers; server_not_running */
  send(method: Method, path: string, body?: unknown): Promise<ServerAnswer>
  /** Asks for a body that is no JSON, in pieces. @throws as `send` */
  read(path: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>
}

/** What a server answered. */
export interface ServerAnswer {
  readonly status: number
  readonly body: unknown
}

/**
 * Names the server of an address. Nothing is sent yet.
 * @throws request_invalid where it is no address
 */
export function connectServer(address: string, givenBy = '--server'): ServerConnection {
  const url = addressOf(address, givenBy)
  const request = async (method: Method, path: string, body: unknown, signal?: AbortSignal): Promise<Response> => {
    const response = await fetch(`${url}${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    }).catch((cause: unknown) => {
      throw noonmarkError('server_not_running', {
        message: `No server answers at ${url}.`,
        hint: 'Look at the address, or start one with `noonmark dev`.',
        cause,
      })
    })
    if (response.ok) return response
    const text = await response.text()
    throw readError(
      errorIn(text) ?? { code: 'internal', message: `${url}${path} answered ${response.status}: ${text}` },
    )
  }
  return {
    url,
    async send(method, path, body) {
      const response = await request(method, path, body)
      return { status: response.status, body: await response.json() }
    },
    async read(path, signal) {
      const { body } = await request('GET', path, undefined, signal)
      return body ?? (async function* () {})()
    },
  }
}

function addressOf(address: string, path: string): string {
  try {
    const { protocol, origin } = new URL(address)
    if (protocol === 'http:' || protocol === 'https:') return origin
  } catch {
    // Said below: it is no address.
  }
  throw noonmarkError('request_invalid', {
    message: `'${address}' is not the address of a server.`,
    hint: 'Write it like http://127.0.0.1:4600.',
    path,
  })
}

function errorIn(text: string): WireError | null {
  try {
    const { error }: { error?: WireError } = JSON.parse(text)
    return typeof error?.code === 'string' ? error : null
  } catch {
    return null
  }
}
