import { readFile } from 'node:fs/promises'
import { type ErrorCode, errorTable, noonmarkError } from '../errors.ts'
import type { Layout } from './layout.ts'

/** The server that runs on a project's folder, over HTTP. */
export interface RunningServer {
  readonly url: string
  /** @throws the error that the server answers */
  post(path: string, body: unknown): Promise<unknown>
}

/**
 * Finds the server of a folder.
 * @throws server_not_running
 */
export async function runningServer(layout: Layout): Promise<RunningServer> {
  const text = await readFile(layout.server, 'utf8').catch(() => null)
  if (text === null) throw noonmarkError('server_not_running')
  const { url }: { url: string } = JSON.parse(text)
  return {
    url,
    async post(path, body) {
      const response = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }).catch((cause: unknown) => {
        throw noonmarkError('server_not_running', {
          message: `The server of this folder does not answer at ${url}.`,
          cause,
        })
      })
      const answer: unknown = await response.json()
      if (response.ok) return answer
      const { error } = answer as { error: { code: string; message: string; hint: string; path?: string } } // every error leaves so
      const code = error.code in errorTable ? (error.code as ErrorCode) : 'internal' // checked against the table
      throw noonmarkError(code, error)
    },
  }
}
