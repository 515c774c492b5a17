import { readFile, stat } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A page or a part of one, as it is sent. */
export interface PageReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string
}

/** What a browser asked for. */
export interface PageRequest {
  /** As it stands in the request, without the query. */
  readonly path: string
  readonly accept: string
  readonly ifNoneMatch: string | undefined
}

/** The web UI: files that were built once, served as they are. */
export interface Pages {
  /** What to answer a GET; null where there is no such file and nobody asks for a page. */
  answer(request: PageRequest): Promise<PageReply | null>
}

/** Paths of programs: what is not there is said in JSON, never by a page. */
const programPaths = /^\/(v1|v2|api|ajax-api|health|metrics|openapi\.json)(\/|$)/

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
}

/** Charts place their parts by inline styles; scripts, fonts and requests are this server's alone. */
const contentPolicy = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

const guards: Readonly<Record<string, string>> = {
  'content-security-policy': contentPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

const notBuilt = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Noonmark</title>
<h1>The pages are not built</h1>
<p>This server answers its API, and its web pages were never built here. In a checkout of Noonmark, build them:</p>
<pre>npm install &amp;&amp; npm run prepare</pre>
<p>and load this page again. The API is described at <a href="/openapi.json">/openapi.json</a>.</p>
</html>
`

/** Where the built pages lie: beside the compiled server in the package, in \`web/dist\` of a checkout. */
const builtFolders = [
  fileURLToPath(new URL('../web', import.meta.url)),
  fileURLToPath(new URL('../../web/dist', import.meta.url)),
]

/** Serves built pages out of the first of some folders that has them. Files are looked for at each request: they may be built anew. */
export function openPages(folders: readonly string[] = builtFolders): Pages {
  const found = async (path: string): Promise<{ readonly file: string; readonly tag: string } | null> => {
    for (const folder of folders) {
      const file = join(folder, path)
      const stats = await stat(file).catch(() => null)
      if (stats?.isFile() === true) return { file, tag: `"${stats.mtimeMs.toString(36)}-${stats.size.toString(36)}"` }
    }
    return null
  }

  return {
    async answer({ path, accept, ifNoneMatch }) {
      const name = plainPath(path)
      if (name === null || programPaths.test(name)) return null
      const wantsPage = accept.includes('text/html')
      const isPage = name === '/' || (await found(name)) === null
      // The address of a page within the UI is no file: the UI itself finds what it means.
      if (isPage && name !== '/' && (!wantsPage || extname(name) !== '')) return null
      const sent = isPage ? '/index.html' : name
      const place = await found(sent)
      if (place === null)
        return { status: 404, headers: { ...guards, 'content-type': types['.html']! }, body: notBuilt }
      const headers = {
        ...guards,
        'content-type': types[extname(sent)] ?? 'application/octet-stream',
        // The build names what lies there by its content.
        'cache-control': sent.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
        etag: place.tag,
      }
      if (ifNoneMatch === place.tag) return { status: 304, headers, body: '' }
      return { status: 200, headers, body: await readFile(place.file) }
    },
  }
}

/** A path within the folder of pages; null where it is none. */
function plainPath(path: string): string | null {
  let plain: string
  try {
    plain = decodeURIComponent(path)
  } catch {
    return null
  }
  if (plain.includes('\0') || plain.includes('\\') || !plain.startsWith('/')) return null
  const name = normalize(plain)
  return name.split('/').some((part) => part.startsWith('.')) ? null : name
}
