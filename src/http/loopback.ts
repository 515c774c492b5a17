import { noonmarkError } from '../errors.ts'

/** The names by which this machine calls itself. */
const loopbackNames = ['localhost', '127.0.0.1', '[::1]']

/**
 * Refuses to listen on an address that other machines could reach.
 * @throws host_not_loopback
 */
export function requireLoopback(host: string): void {
  if (host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)) return
  throw noonmarkError('host_not_loopback', {
    message: `The server would listen on ${host}, and no access configuration says who may call it.`,
  })
}

/** Tells callers of this server from web pages that name it without leave. */
export interface HostGuard {
  /** @throws host_forbidden */
  check(host: string | undefined, origin: string | undefined): void
}

/**
 * A page of another site must not reach a platform on this machine: neither by a name that resolves to it (`Host`) nor by a
 * request across sites (`Origin`).
 */
export function hostGuard(host: string, port: number): HostGuard {
  const names = [...loopbackNames, host.includes(':') ? `[${host}]` : host]
  const hosts = new Set(names.map((name) => `${name}:${port}`))
  if (port === 80) for (const name of names) hosts.add(name)
  const origins = new Set([...hosts].map((name) => `http://${name}`))
  return {
    check(given, origin) {
      if (given === undefined || !hosts.has(given.toLowerCase())) {
        throw noonmarkError('host_forbidden', {
          message: `The host '${given ?? ''}' is not this server.`,
          path: 'host',
        })
      }
      if (origin !== undefined && !origins.has(origin.toLowerCase())) {
        throw noonmarkError('host_forbidden', {
          message: `A page of the origin '${origin}' may not call this server.`,
          path: 'origin',
        })
      }
    },
  }
}
