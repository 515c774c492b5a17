// Goal: browsers get pages and programs get JSON, and nothing outside the built folder is ever sent. Method: requests injected into the
// real server, over files in a temporary folder.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ServerContext } from './context.ts'
import { openPages } from './pages.ts'
import { route } from './route.ts'
import { createHttpServer, type HttpServer } from './server.ts'

const port = 7799
const hello = route({
  method: 'GET',
  path: '/v1/hello',
  summary: 'Says hello',
  tag: 'test',
  input: {},
  run: async () => ({}),
})
let folder: string
let server: HttpServer
let bare: HttpServer

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pages-'))
  mkdirSync(join(folder, 'web/assets'), { recursive: true })
  writeFileSync(join(folder, 'web/index.html'), '<!doctype html><title>Pages</title>')
  writeFileSync(join(folder, 'web/mark.svg'), '<svg/>')
  writeFileSync(join(folder, 'web/assets/index-Ab12.js'), 'export {}')
  writeFileSync(join(folder, 'web/.hidden'), 'secret')
  writeFileSync(join(folder, 'secret.txt'), 'secret')
  const context = {} as ServerContext // no route here asks for it
  const at = (built: string) =>
    createHttpServer({ context, routes: [hello], pages: openPages([join(folder, built)]), port })
  server = at('web')
  bare = at('nothing')
})
afterAll(async () => {
  await server.close()
  await bare.close()
  rmSync(folder, { recursive: true })
})

const html = 'text/html,application/xhtml+xml,*/*;q=0.8'
const get = (url: string, headers: Record<string, string> = {}, from = server) =>
  from.instance.inject({ method: 'GET', url, headers: { host: `localhost:${port}`, ...headers } })

describe('the web UI', () => {
  it.each(['/', '/models/flight-delay', '/feature-views/a%20b?window=7d', '/runs/compare?a=1&b=2'])(
    'is the page at %s, never kept without asking',
    async (url) => {
      const answer = await get(url, { accept: html })
      expect(answer.statusCode).toBe(200)
      expect(answer.headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-cache',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      })
      expect(answer.headers['content-security-policy']).toMatch(/^default-src 'self'; /)
      expect(answer.headers['content-security-policy']).not.toMatch(/script-src|unsafe-eval|https?:/)
      expect(answer.body).toContain('<title>Pages</title>')
    },
  )

  it('is kept for ever where its name says what is in it', async () => {
    const answer = await get('/assets/index-Ab12.js')
    expect(answer.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    })
    expect((await get('/mark.svg')).headers['content-type']).toBe('image/svg+xml')
  })

  it('is not sent again to who has it', async () => {
    const { etag } = (await get('/', { accept: html })).headers
    const again = await get('/', { accept: html, 'if-none-match': String(etag) })
    expect([again.statusCode, again.body]).toEqual([304, ''])
  })

  it.each(['/v1/nothing', '/v2/models', '/api/2.0/mlflow', '/health/other', '/metrics/x', '/v1'])(
    'leaves %s to programs, also where a browser asks',
    async (url) => {
      const answer = await get(url, { accept: html })
      expect(answer.statusCode).toBe(404)
      expect(answer.json()).toMatchObject({ error: { code: 'not_found' } })
      expect(answer.headers['x-content-type-options']).toBe('nosniff')
    },
  )

  it('is for GET from a browser; a program hears that there is nothing', async () => {
    expect((await get('/models/flight-delay')).json()).toMatchObject({ error: { code: 'not_found' } })
    expect((await get('/assets/gone-Cd34.js', { accept: html })).statusCode).toBe(404)
    const posted = await server.instance.inject({
      method: 'POST',
      url: '/models',
      headers: { host: `localhost:${port}`, accept: html },
    })
    expect(posted.json()).toMatchObject({ error: { code: 'not_found' } })
    expect((await get('/v1/hello', { accept: html })).json()).toEqual({})
  })

  it.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/.hidden',
    '/%00',
    '/%E0%A4%A',
    '/..%5csecret.txt',
  ])('never leaves its folder: %s', async (url) => {
    const answer = await get(url, { accept: '*/*' })
    expect(answer.statusCode).toBeGreaterThanOrEqual(400)
    expect(answer.body).not.toContain('secret\n')
    expect(answer.body).not.toBe('secret')
  })

  it('is refused to pages of other hosts and origins', async () => {
    expect((await get('/', { accept: html, host: 'evil.example' })).statusCode).toBe(403)
    expect((await get('/', { accept: html, origin: 'http://evil.example' })).statusCode).toBe(403)
  })

  it('that was never built says how to build it', async () => {
    const answer = await get('/', { accept: html }, bare)
    expect(answer.statusCode).toBe(404)
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(answer.body).toContain('npm run prepare')
  })
})
