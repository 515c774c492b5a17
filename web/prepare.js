// Runs after `npm install` of a checkout: builds the pages into web/dist, so that `npm run demo` and `noonmark dev` show them.
import { existsSync, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const web = fileURLToPath(new URL('.', import.meta.url))

/** The time of the latest change of a file, or of any file in a folder; 0 where there is none. */
function changedAt(path) {
  if (!existsSync(path)) return 0
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => changedAt(join(path, name))))
}

const sources = ['src', 'public', 'index.html', 'vite.config.ts', 'package.json']
const builtAt = changedAt(join(web, 'dist/index.html'))
if (!sources.some((name) => changedAt(join(web, name)) > builtAt)) process.exit()
try {
  createRequire(import.meta.url).resolve('vite')
} catch {
  console.log(
    'The web UI is not built, because vite is not installed; `npm install` with the devDependencies builds it.',
  )
  process.exit()
}
const { build } = await import('vite')
await build({ root: web, logLevel: 'warn' })
